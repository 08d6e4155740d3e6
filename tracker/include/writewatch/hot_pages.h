/* SPDX-License-Identifier: MIT
 *
 * writewatch: collects for loops that write mostly the same pages in every
 * round, such as the frames of an emulator. Arming a page that is written again
 * at once costs a page fault for nothing: a page that was found written in each
 * of the last four rounds is hot, stays unarmed, and is reported without being
 * asked about. Every 32nd round arms everything, and the one after it knows
 * which pages have cooled.
 *
 * This is opt-in because its answer is a superset: a hot page may be reported
 * that was not written in this round (never more than those that were hot, and
 * for no more than 32 rounds). No write is ever missed. A caller that keeps a
 * copy of the memory gets an exact answer, by comparison.
 *
 * Which way is cheaper is decided in each round from what the last one found:
 * where few pages are hot, or many others are written, a round is an ordinary
 * collect with reset, and costs and reports what that does.
 *
 * The contract of writewatch.h holds: units, errors, threads (no lock is taken),
 * fork. What differs:
 *
 * Rounds    A round is one collect over the range, or several with ascending
 *           addresses: parts, or calls that go on where capacity ended the last.
 *           The next begins with the first call that does not go up.
 * Readers   One, whatever thread it is. Of two collects that overlap in time
 *           both may report the same write.
 * Watch     As long as the object lives, a collect with WW_RESET or a
 *           ww_reset() of its range fails with -EBUSY. After ww_hot_destroy()
 *           hot pages count as written, until they are collected once.
 * Costs     4 bytes a page, of memory that comes as pages are written.
 */
#ifndef WRITEWATCH_HOT_PAGES_H
#define WRITEWATCH_HOT_PAGES_H

#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque. */
typedef struct ww_hot_pages ww_hot_pages;

/* For [base, base + bytes), inside one watch of `tracker`.
 *   -EOPNOTSUPP  it is hugetlb memory
 *   -EBUSY   a part of the range has generations, hot pages or aliases already
 *   -ENOMEM  no memory for the history of its pages */
WW_EXPORT int ww_hot_create(ww_tracker *tracker, const void *base, size_t bytes,
                            ww_hot_pages **hot) WW_NOEXCEPT;

/* Before the tracker is destroyed, with no other call running on the same
 * object. NULL is accepted. */
WW_EXPORT void ww_hot_destroy(ww_hot_pages *hot) WW_NOEXCEPT;

/* Report the written and the hot pages of [base, base + bytes), a part of the
 * range, and reset those that are not hot. Form, order, capacity and resume are
 * those of ww_collect_ranges(), _pages() and _bitmap().
 *
 * `shadow` is NULL, or the caller's copy of the part, [shadow, shadow + bytes),
 * as it took it when pages were reported: of the pages about which the kernel
 * was not asked only those are reported that differ from it. (So a hot page
 * that was written with what it held before is not.) It must be readable, as the
 * part of the range must, and is to be brought up to date for what is reported,
 * after the call and before the next. */
WW_EXPORT ptrdiff_t ww_hot_collect_ranges(ww_hot_pages *hot, const void *base, size_t bytes,
                                          const void *shadow, ww_range *ranges,
                                          size_t range_capacity, void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_hot_collect_pages(ww_hot_pages *hot, const void *base, size_t bytes,
                                         const void *shadow, void **pages,
                                         size_t page_capacity, void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_hot_collect_bitmap(ww_hot_pages *hot, const void *base, size_t bytes,
                                          const void *shadow, uint64_t *words,
                                          size_t word_count, void **resume) WW_NOEXCEPT;

/* What went on so far. Fields may be added at the end. */
typedef struct ww_hot_counters {
    uint64_t rounds;         /* begun */
    uint64_t unarmed_rounds; /* of them: left hot pages unarmed */
    uint64_t hot;            /* pages: hot in the last whole round */
    uint64_t asked;          /* pages reported: the kernel knew they were written */
    uint64_t unasked;        /* pages reported or compared: hot, and unarmed before */
    uint64_t armed;          /* pages that were armed again */
    uint64_t equal;          /* pages not reported, being equal to the shadow */
} ww_hot_counters;

/* Fills the first `counters_bytes` bytes of `*counters`, as
 * ww_tracker_counters(). */
WW_EXPORT void ww_hot_counters_get(const ww_hot_pages *hot, ww_hot_counters *counters,
                                   size_t counters_bytes) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
