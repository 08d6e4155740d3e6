// SPDX-License-Identifier: MIT
// How Windows rounds what a caller asks about to whole pages.
#pragma once

#include "win32.h"

namespace ww::wine {

// Write watches count in these, whatever the host's pages are.
inline constexpr SIZE_T kGranularity = 4096;

struct PageRange {
    ULONG_PTR start = 0;
    SIZE_T bytes = 0;

    // Every page that [base, base + size) touches. The sum wraps like Wine's,
    // so that a size of 0 is no page on an aligned base and one page elsewhere.
    static PageRange around(const void* base, SIZE_T size) noexcept {
        const auto address = reinterpret_cast<ULONG_PTR>(base);
        const ULONG_PTR offset = address % kGranularity;
        return {address - offset, (size + offset + kGranularity - 1) & ~(kGranularity - 1)};
    }

    // The same, but where the sum wraps so does the range, for which nobody has
    // an answer: a size of ~0 may come to one page in the middle of a watch.
    static PageRange asked(const void* base, SIZE_T size) noexcept {
        const PageRange range = around(base, size);
        return range.bytes >= size ? range : PageRange{range.start, ~(kGranularity - 1)};
    }

    void* base() const noexcept { return reinterpret_cast<void*>(start); }
    ULONG_PTR end() const noexcept { return start + bytes; }
    SIZE_T page_count() const noexcept { return bytes / kGranularity; }
    bool empty() const noexcept { return bytes == 0; }
    bool wraps() const noexcept { return end() < start; }
};

} // namespace ww::wine
