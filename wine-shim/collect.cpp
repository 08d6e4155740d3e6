// SPDX-License-Identifier: MIT
#include "collect.h"

#include <algorithm>

namespace ww::wine {

namespace {

constexpr std::ptrdiff_t kNoProgress = -5; // EIO

// Addresses stored so far, and room for more.
struct Answer {
    void** addresses;
    SIZE_T capacity;
    SIZE_T count = 0;

    void** next() const noexcept { return addresses + count; }
    SIZE_T room() const noexcept { return capacity - count; }

    // As many pages of the range as there is room for; the part reported.
    PageRange report(PageRange range) noexcept {
        const SIZE_T pages = std::min(range.page_count(), room());
        for (SIZE_T i = 0; i < pages; ++i)
            addresses[count++] = reinterpret_cast<void*>(range.start + i * kGranularity);
        return {range.start, pages * kGranularity};
    }
};

// One call of the tracker, which may end before the range or the capacity do.
// Moves `rest` on to what has not been answered yet. 0, or the error.
std::ptrdiff_t collect_some(ww_tracker* tracker, PageRange& rest, unsigned flags,
                            Answer& answer) noexcept {
    void* resume = rest.base();
    const std::ptrdiff_t found = ww_collect_pages(tracker, rest.base(), rest.bytes, flags,
                                                  answer.next(), answer.room(), &resume);
    if (found < 0)
        return found;
    answer.count += static_cast<SIZE_T>(found);
    const SIZE_T answered = reinterpret_cast<ULONG_PTR>(resume) - rest.start;
    rest = {rest.start + answered, rest.bytes - answered};
    return found == 0 && answered == 0 ? kNoProgress : 0;
}

std::ptrdiff_t collect_written(ww_tracker* tracker, PageRange rest, unsigned flags,
                               Answer& answer) noexcept {
    while (!rest.empty() && answer.room() > 0) {
        const std::ptrdiff_t error = collect_some(tracker, rest, flags, answer);
        if (error == 0)
            continue;
        if (answer.count == 0)
            return error;
        answer.report(rest);
        break;
    }
    return 0;
}

// Reset in the kernel, too: a page may be latched and have been written again.
void report_latched(ww_tracker* tracker, LatchedPages& latched, PageRange run, bool with_reset,
                    Answer& answer) noexcept {
    const PageRange reported = answer.report(run);
    if (with_reset && !reported.empty() && ww_reset(tracker, reported.base(), reported.bytes) == 0)
        latched.remove(reported);
}

} // namespace

std::ptrdiff_t collect(ww_tracker* tracker, LatchedPages& latched, PageRange range, bool with_reset,
                       void** addresses, SIZE_T capacity) noexcept {
    const unsigned flags = with_reset ? WW_RESET : 0;
    Answer answer{addresses, capacity};
    for (PageRange rest = range; !rest.empty() && answer.room() > 0;) {
        const PageRange run = latched.first_run(rest);
        const PageRange before{rest.start, run.start - rest.start};
        const std::ptrdiff_t error = collect_written(tracker, before, flags, answer);
        if (error != 0)
            return error;
        report_latched(tracker, latched, run, with_reset, answer);
        rest = {run.end(), rest.end() - run.end()};
    }
    return static_cast<std::ptrdiff_t>(answer.count);
}

} // namespace ww::wine
