// SPDX-License-Identifier: MIT
#include "write_watches.h"

#include "caller_memory.h"
#include "collect.h"
#include "status.h"

#include <iterator>

namespace ww::wine {

// ---- What the memory manager does -------------------------------------------

void WriteWatches::reserved(PageRange range) noexcept {
    if (ww_tracker* const existing = tracker())
        ww_forget(existing, range.base(), range.bytes);
}

NTSTATUS WriteWatches::watch(PageRange range) noexcept {
    if (const int error = make_tracker(); error != 0)
        return status_from_error(error);
    // Of an earlier watch at this place.
    latched_.remove(range);
    // KEEP: the memory is fresh, there is nothing to be made clean.
    const int error =
        ww_watch(tracker(), range.base(), range.bytes, WW_WATCH_ANONYMOUS | WW_WATCH_KEEP);
    return error == 0 ? STATUS_SUCCESS : status_from_error(error);
}

WriteWatches::Part WriteWatches::part_to_free(const void* base, SIZE_T size) const noexcept {
    PageRange range = PageRange::around(base, size);
    if (size != 0)
        return {range, watch_around(range)};
    range.bytes = kGranularity;
    const PageRange watch = watch_around(range);
    return {{range.start, watch.empty() ? 0 : watch.end() - range.start}, watch};
}

void WriteWatches::releasing(const Part& part) noexcept {
    if (part.ours())
        ww_forget(tracker(), part.range.base(), part.range.bytes);
}

void WriteWatches::release_failed(const Part& part) noexcept {
    if (!part.ours())
        return;
    // What was left on both sides of the part has become watches of its own;
    // queries across them have to work again.
    ww_forget(tracker(), part.watch.base(), part.watch.bytes);
    ww_watch(tracker(), part.watch.base(), part.watch.bytes, WW_WATCH_ANONYMOUS | WW_WATCH_KEEP);
}

// A failure needs no answer: the next collect finds the part changed, reports
// what was written there, and watches it again.
void WriteWatches::decommitted(const Part& part) noexcept {
    if (any() && !part.range.empty())
        ww_remapped(tracker(), part.range.base(), part.range.bytes);
}

// After the change, so that no store before it is missed. A failure is no loss:
// the kernel still knows the pages, until they are decommitted.
void WriteWatches::protection_changed(PageRange range) noexcept {
    if (!covers(range))
        return;
    while (!range.empty()) {
        ww_range written[16];
        void* resume = range.base();
        const std::ptrdiff_t found = ww_collect_ranges(tracker(), range.base(), range.bytes, 0,
                                                       written, std::size(written), &resume);
        const SIZE_T answered = reinterpret_cast<ULONG_PTR>(resume) - range.start;
        if (found < 0 || answered == 0)
            return;
        for (std::ptrdiff_t i = 0; i < found; ++i)
            latched_.add({reinterpret_cast<ULONG_PTR>(written[i].base), written[i].bytes});
        range = {range.start + answered, range.bytes - answered};
    }
}

// ---- What programs ask --------------------------------------------------------

// The order of the checks is Windows'.
NTSTATUS WriteWatches::query(PageRange range, ULONG flags, void** addresses, ULONG_PTR* count,
                             ULONG* granularity) noexcept {
    if (count == nullptr || granularity == nullptr)
        return STATUS_ACCESS_VIOLATION;
    const ULONG_PTR asked = read_once(count);
    if (asked == 0 || range.empty() || range.wraps() || (flags & ~WRITE_WATCH_FLAG_RESET) != 0)
        return STATUS_INVALID_PARAMETER;
    if (addresses == nullptr)
        return STATUS_ACCESS_VIOLATION;
    if (!covers(range))
        return STATUS_INVALID_PARAMETER;

    // Also keeps a capacity like ~0 from overflowing.
    const SIZE_T capacity = asked < range.page_count() ? asked : range.page_count();
    // All that is stored to, before anything is reset: what a collect has found
    // would be lost with a later fault.
    ensure_writable(count);
    ensure_writable(granularity);
    ensure_writable(addresses, capacity * sizeof(*addresses));

    const bool with_reset = (flags & WRITE_WATCH_FLAG_RESET) != 0;
    const std::ptrdiff_t found =
        collect(tracker(), latched_, range, with_reset, addresses, capacity);
    if (found < 0)
        return status_from_error(found);
    *count = static_cast<ULONG_PTR>(found);
    *granularity = static_cast<ULONG>(kGranularity);
    return STATUS_SUCCESS;
}

NTSTATUS WriteWatches::reset(PageRange range) noexcept {
    if (!covers(range))
        return STATUS_INVALID_PARAMETER;
    const int error = ww_reset(tracker(), range.base(), range.bytes);
    if (error != 0)
        return status_from_error(error);
    latched_.remove(range);
    return STATUS_SUCCESS;
}

// ---- Inside --------------------------------------------------------------------

// No lock: the thread that holds one could be suspended. Of two trackers made
// at once one is thrown away, unused.
int WriteWatches::make_tracker() noexcept {
    ww_tracker* existing = tracker();
    ww_tracker* made = nullptr;
    if (existing != nullptr)
        return 0;
    const int error = ww_tracker_create_with(&made, WW_BACKEND_PAGEMAP_SCAN);
    if (error == 0 && !tracker_.compare_exchange_strong(existing, made, std::memory_order_acq_rel))
        ww_tracker_destroy(made);
    return error;
}

bool WriteWatches::overlaps(PageRange range) const noexcept {
    return any() && !range.empty() && !range.wraps() &&
           ww_find_first(tracker(), range.base(), range.bytes, nullptr) != 0;
}

PageRange WriteWatches::watch_around(PageRange range) const noexcept {
    ww_range watch{};
    if (!any() || range.empty() || range.wraps() ||
        !ww_find(tracker(), range.base(), range.bytes, &watch))
        return {};
    return {reinterpret_cast<ULONG_PTR>(watch.base), watch.bytes};
}

} // namespace ww::wine
