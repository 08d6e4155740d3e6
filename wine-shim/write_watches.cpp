// SPDX-License-Identifier: MIT
#include "write_watches.h"

#include "caller_memory.h"
#include "collect.h"
#include "status.h"

namespace ww::wine {

// ---- What the memory manager does -------------------------------------------

void WriteWatches::reserved(PageRange range) noexcept {
    if (ww_tracker* const existing = tracker())
        ww_forget(existing, range.base(), range.bytes);
}

bool WriteWatches::watch(PageRange range) noexcept {
    ww_tracker* const existing = tracker_for_watching();
    // KEEP: the memory is fresh, there is nothing to be made clean.
    return existing != nullptr &&
           ww_watch(existing, range.base(), range.bytes, WW_WATCH_ANONYMOUS | WW_WATCH_KEEP) == 0;
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

// ---- What programs ask --------------------------------------------------------

bool WriteWatches::covers(PageRange range) const noexcept {
    return !watch_around(range).empty();
}

// The order of the checks is Windows'; that the range is watched comes last
// there, and is known here: a range that is not never comes this far.
NTSTATUS WriteWatches::query(PageRange range, ULONG flags, void** addresses, ULONG_PTR* count,
                             ULONG* granularity) noexcept {
    if (count == nullptr || granularity == nullptr)
        return STATUS_ACCESS_VIOLATION;
    const ULONG_PTR asked = read_once(count);
    if (asked == 0 || (flags & ~WRITE_WATCH_FLAG_RESET) != 0)
        return STATUS_INVALID_PARAMETER;
    if (addresses == nullptr)
        return STATUS_ACCESS_VIOLATION;

    // Also keeps a capacity like ~0 from overflowing.
    const SIZE_T capacity = asked < range.page_count() ? asked : range.page_count();
    // All that is stored to, before anything is reset: what a collect has found
    // would be lost with a later fault.
    ensure_writable(count);
    ensure_writable(granularity);
    ensure_writable(addresses, capacity * sizeof(*addresses));

    const bool with_reset = (flags & WRITE_WATCH_FLAG_RESET) != 0;
    const std::ptrdiff_t found = collect(tracker(), range, with_reset, addresses, capacity);
    if (found < 0)
        return status_from_error(found);
    *count = static_cast<ULONG_PTR>(found);
    *granularity = static_cast<ULONG>(kGranularity);
    return STATUS_SUCCESS;
}

NTSTATUS WriteWatches::reset(PageRange range) noexcept {
    const int error = ww_reset(tracker(), range.base(), range.bytes);
    return error == 0 ? STATUS_SUCCESS : status_from_error(error);
}

// ---- Inside --------------------------------------------------------------------

// No lock: the thread that holds one could be suspended. Of two trackers made
// at once one is thrown away, unused.
ww_tracker* WriteWatches::tracker_for_watching() noexcept {
    ww_tracker* existing = tracker();
    ww_tracker* made = nullptr;
    if (existing != nullptr || ww_tracker_create(&made) != 0)
        return existing;
    if (tracker_.compare_exchange_strong(existing, made, std::memory_order_acq_rel))
        return made;
    ww_tracker_destroy(made);
    return existing;
}

PageRange WriteWatches::watch_around(PageRange range) const noexcept {
    ww_range watch{};
    if (!any() || range.empty() || range.wraps() ||
        !ww_find(tracker(), range.base(), range.bytes, &watch))
        return {};
    return {reinterpret_cast<ULONG_PTR>(watch.base), watch.bytes};
}

} // namespace ww::wine
