// SPDX-License-Identifier: MIT
#pragma once

#include "latched_pages.h"
#include "page_range.h"

#include <writewatch/writewatch.h>

namespace ww::wine {

// The first `capacity` pages of the range that were written or are latched,
// ascending; how many, or a negative errno value with nothing reset and nothing
// to report.
//
// If the tracker fails half-way, what it has reset is in `addresses` and has to
// be reported, but "the rest is clean" would be a lie: what was not answered is
// then reported as written.
std::ptrdiff_t collect(ww_tracker* tracker, LatchedPages& latched, PageRange range, bool with_reset,
                       void** addresses, SIZE_T capacity) noexcept;

} // namespace ww::wine
