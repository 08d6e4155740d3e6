// SPDX-License-Identifier: MIT
#include "collect.h"

namespace ww::wine {

namespace {

constexpr std::ptrdiff_t kNoProgress = -5; // EIO

// One call of the tracker, which may end before the range or the capacity do.
// Moves `rest` on to what has not been answered yet.
std::ptrdiff_t collect_some(ww_tracker* tracker, PageRange& rest, unsigned flags, void** addresses,
                            SIZE_T capacity) noexcept {
    void* resume = rest.base();
    const std::ptrdiff_t found =
        ww_collect_pages(tracker, rest.base(), rest.bytes, flags, addresses, capacity, &resume);
    if (found < 0)
        return found;
    const SIZE_T answered = reinterpret_cast<ULONG_PTR>(resume) - rest.start;
    rest = {rest.start + answered, rest.bytes - answered};
    return found == 0 && answered == 0 ? kNoProgress : found;
}

SIZE_T report_all(PageRange rest, void** addresses, SIZE_T capacity) noexcept {
    SIZE_T count = 0;
    for (; count < capacity && count < rest.page_count(); ++count)
        addresses[count] = reinterpret_cast<void*>(rest.start + count * kGranularity);
    return count;
}

} // namespace

std::ptrdiff_t collect(ww_tracker* tracker, PageRange range, bool with_reset, void** addresses,
                       SIZE_T capacity) noexcept {
    const unsigned flags = with_reset ? WW_RESET : 0;
    PageRange rest = range;
    SIZE_T count = 0;
    while (!rest.empty() && count < capacity) {
        const std::ptrdiff_t found =
            collect_some(tracker, rest, flags, addresses + count, capacity - count);
        if (found >= 0)
            count += static_cast<SIZE_T>(found);
        else if (count == 0)
            return found;
        else
            return static_cast<std::ptrdiff_t>(
                count + report_all(rest, addresses + count, capacity - count));
    }
    return static_cast<std::ptrdiff_t>(count);
}

} // namespace ww::wine
