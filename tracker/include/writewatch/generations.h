/* SPDX-License-Identifier: MIT
 *
 * writewatch: several independent readers of one watch, such as a garbage
 * collector and a capture tool. Each keeps a mark, a plain number, and asks
 * what was written since; nobody steals from anybody.
 *
 *     ww_generations_advance(g, base, bytes, &now);
 *     ww_collect_ranges_since(g, base, bytes, mark, ranges, capacity, &resume);
 *     ... again from `resume`, until everything is answered ...
 *     mark = now;
 *
 * The first call is the only one that resets anything. It takes what was
 * written and remembers in which generation; the questions read that memory,
 * change nothing, and can be repeated. So a mark moves on when its reader has
 * dealt with the whole answer and says so: a small capacity, a failure or a
 * crash in between costs nothing.
 *
 * The contract of writewatch.h holds: units, errors, fork, exactness. What
 * differs:
 *
 * Marks     A page is reported if and only if it was written after the
 *           advance that gave the mark. With mark 0: since the memory was
 *           watched or, before there were generations, reset. A mark speaks
 *           for the range that was advanced, and any part of it: a reader that
 *           advances parts keeps one mark for each.
 * Threads   Any thread. Advancing takes one lock, of the object; the questions
 *           take none. What another reader's advance takes while a question
 *           runs may be in its answer and is in the next one, too: it was
 *           written after that mark.
 * Signals   Advancing does not belong into a signal handler; questions may.
 * Watch     While generations exist, a collect with WW_RESET or a ww_reset() of
 *           their range fails with -EBUSY, as it would steal from the readers.
 *           ww_unwatch() and ww_forget() are free to end the watch: what was
 *           taken can still be asked for, advancing then gives -ENOENT.
 * Costs     8 bytes a page, of memory that comes as pages are written, and a
 *           256th of a percent more; a question passes over clean memory in
 *           steps of 2 MiB and 1 GiB.
 */
#ifndef WRITEWATCH_GENERATIONS_H
#define WRITEWATCH_GENERATIONS_H

#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque. */
typedef struct ww_generations ww_generations;

/* Makes generations of [base, base + bytes), inside one watch of `tracker`.
 * What was written before and not reset belongs to the first of them. A
 * resetting collect that is running meanwhile may still take writes.
 *   -EOPNOTSUPP  it is hugetlb memory
 *   -EBUSY   a part of the range has generations, hot pages or aliases already
 *   -ENOMEM  no memory for the marks of its pages */
WW_EXPORT int ww_generations_create(ww_tracker *tracker, const void *base, size_t bytes,
                                    ww_generations **generations) WW_NOEXCEPT;

/* Frees them. Pages stay as the last advance left them: what was not advanced
 * is still there for a plain collect. To be called before the tracker is
 * destroyed, with no other call running on the same object. NULL is accepted. */
WW_EXPORT void ww_generations_destroy(ww_generations *generations) WW_NOEXCEPT;

/* Takes what was written in [base, base + bytes) until now, so that it can be
 * asked for, and stores in `*mark` what its reader keeps for the next time. A
 * new reader that wants nothing of what was before begins with such a mark.
 *   -ENOENT  the range is not inside the generations, or not watched any more
 * After a failure in the middle `*mark` is untouched; what had been taken is
 * remembered like the rest. */
WW_EXPORT int ww_generations_advance(ww_generations *generations, const void *base, size_t bytes,
                                     uint64_t *mark) WW_NOEXCEPT;

/* Reports the pages of [base, base + bytes) that were written since `mark`, as
 * far as they have been advanced over. Form, order, capacity and resume are
 * those of the functions of writewatch.h with the same names. */
WW_EXPORT ptrdiff_t ww_collect_pages_since(const ww_generations *generations, const void *base,
                                           size_t bytes, uint64_t mark, void **pages,
                                           size_t page_capacity, void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_collect_ranges_since(const ww_generations *generations, const void *base,
                                            size_t bytes, uint64_t mark, ww_range *ranges,
                                            size_t range_capacity, void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_collect_bitmap_since(const ww_generations *generations, const void *base,
                                            size_t bytes, uint64_t mark, uint64_t *words,
                                            size_t word_count, void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_count_written_since(const ww_generations *generations, const void *base,
                                           size_t bytes, uint64_t mark, size_t page_limit,
                                           void **resume) WW_NOEXCEPT;

/* Whether any was: 1 or 0. */
WW_EXPORT int ww_any_written_since(const ww_generations *generations, const void *base,
                                   size_t bytes, uint64_t mark) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
