/* SPDX-License-Identifier: MIT
 *
 * writewatch: what became of pages, beside being written. A collector that
 * frees, or a copy that is kept in step, can do better for a page whose contents
 * were dropped (MADV_DONTNEED, an allocator's purge) than to copy zeros.
 *
 * The contract of writewatch.h holds. What differs:
 *
 * Written    As everywhere; a page that was dropped and written since is written.
 * Discarded  The page was clean: populated when it was watched, or reported by a
 *            resetting call (of any form). Then its contents were dropped without
 *            a word, and nothing was written since: private anonymous memory reads
 *            as zeros, a private file mapping as its file. With WW_RESET each is
 *            reported once; without, again and again. A page that was written and
 *            dropped before anybody was told of it reads as when it was fresh, and
 *            is not reported. Drops that ww_discarded() or ww_remapped() tell of
 *            are not reported either: the caller knows.
 *              Not to be seen are drops of clean pages of private file mappings
 *            (tell of them by ww_discarded()), of pages that were last reported
 *            while another thread changed the set of watches or told of a change,
 *            of pages that were clean in a watch that ww_forget() ended and have
 *            not been reported since, and drops of hugetlb memory. What is unmapped
 *            without a word may be reported as dropped or not. Of shared memory
 *            nothing is reported as discarded: dropping its pages drops nothing.
 *              Where memory is watched with WW_WATCH_HUGE_PAGES, or anonymous
 *            behind a file, untouched pages that are dropped are reported, too.
 * Unknown    Other memory came here without a word: a whole part of the range, to
 *            be taken as written, whether pages are present or not. Told by the
 *            first call of this form that meets it (and by every one while the
 *            memory is of a kind that the watch does not serve), and counted in
 *            ww_counters.repairs. Another form that comes first reports what is
 *            present as written.
 *
 * A page that changes while the call runs may be in two runs. Overlapping calls
 * may say different things of it.
 */
#ifndef WRITEWATCH_RUNS_H
#define WRITEWATCH_RUNS_H

#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ww_page_state {
    WW_WRITTEN = 1,
    WW_DISCARDED = 2,
    WW_UNKNOWN = 3,
};

typedef struct ww_run {
    void *base;
    size_t bytes;
    unsigned state; /* enum ww_page_state */
} ww_run;

/* As ww_collect_ranges(), in runs of pages of one state, in ascending order. Of
 * runs that touch the states differ, or the capacity ended a call between them.
 * Costs some two to three times as much: it looks ahead, at what was written and
 * what is empty. */
WW_EXPORT ptrdiff_t ww_collect_runs(ww_tracker *tracker, const void *base, size_t bytes,
                                    unsigned flags, ww_run *runs, size_t run_capacity,
                                    void **resume) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
