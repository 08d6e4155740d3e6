// SPDX-License-Identifier: MIT
// One ioctl over the pages of a process: which match, protecting them in the
// same step if asked.
#pragma once

#include "kernel/result.h"
#include "kernel/uapi.h"
#include "range.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ww::kernel {

using Region = uapi::page_region;

// Readies regions for a scan of any range.
inline void forget_regions(std::span<Region> regions) noexcept {
    for (Region& region : regions)
        region.end = 0;
}

// Which pages a scan is about. `inverted` bits are negated before `required`
// and `any_of` are looked at.
struct PageMask {
    std::uint64_t required = 0;
    std::uint64_t inverted = 0;
    std::uint64_t any_of = 0;
    std::uint64_t told = 0; // of what matches, besides `required`

    // Whether pages with these categories would be found.
    constexpr bool matches(std::uint64_t categories) const noexcept {
        const std::uint64_t judged = categories ^ inverted;
        return (judged & required) == required && (any_of == 0 || (judged & any_of) != 0);
    }
};

struct PageScan {
    Range range;
    PageMask mask;
    std::uint64_t returned = 0;   // categories
    std::uint64_t max_pages = 0;  // 0: no limit
    bool protect = false;         // memory that is not registered is passed over,
    bool only_registered = false; // or not_permitted on reaching it
};

struct ScanResult {
    std::size_t regions = 0; // filled, also when `error` is set
    Error error;
};

// Pages matching, in ascending order. `out` is neither empty nor anything but our
// own memory: failing to store would lose what was protected. In it every `end`
// is 0, or was filled in by a scan in front of this range.
ScanResult scan_pages(int pagemap, const PageScan& scan, std::span<Region> out) noexcept;

} // namespace ww::kernel
