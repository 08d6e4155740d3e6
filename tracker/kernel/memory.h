// SPDX-License-Identifier: MIT
// What is asked of, and advised about, the memory of this process.
#pragma once

#include "kernel/result.h"
#include "range.h"

#include <cstddef>

namespace ww::kernel {

std::size_t page_bytes() noexcept;

// Transparent huge pages off: one write would report 512 pages. no_memory when
// a part of the range is not mapped.
Error refuse_huge_pages(Range range) noexcept;

// Whether all that is mapped in the range is private anonymous memory.
Result<bool> is_private_anonymous(Range range) noexcept;

} // namespace ww::kernel
