/* SPDX-License-Identifier: MIT
 *
 * Checkpoints of watched memory, for rollback, save states and rewind: taking
 * one copies only the pages that were written since the last, restoring one
 * writes back only the pages that differ.
 *
 * The contract, once; each function says only where it differs.
 *
 * Units     Sizes are bytes, counts are pages or checkpoints, times nanoseconds.
 * Errors    0 on success, a negative errno value on failure:
 *             -EINVAL   an argument out of its range
 *             -ENOENT   no such checkpoint, or memory that is not watched (any
 *                       more)
 *             -ENOMEM   `bytes_limit` is reached with nothing left to drop, or
 *                       the process's memory is
 *             -ENOSYS   this process is a forked child
 *           Outputs are untouched on failure. errno is never changed.
 * Threads   Any thread; calls on one object wait for each other. A store that
 *           races a take belongs to that checkpoint or to the next, never to
 *           neither. Nobody may store to the memory while it is restored: such
 *           a store may be undone or not.
 * Signals   Not from a signal handler.
 * Lifetime  The tracker and the watches outlive the object. Pages
 *           that are written must be readable when a checkpoint is taken, and
 *           writable when one is restored.
 * Fork      A forked child has no snapshots: every call there fails.
 * Resets    Taking resets the watched memory. Nobody else may: collecting with
 *           reset from what was added here fails with -EBUSY.
 * Hot pages A page that was found written in each of four takes is left unarmed, so
 *           that writing it again takes no fault; from then on it is compared
 *           at each take with what it was at the last. Which way is cheaper is
 *           decided in each take, and every 32nd arms all pages of a range, to
 *           find those that have cooled. Checkpoints are exact either way: of
 *           what was found only pages that differ are copied.
 * Drops     Contents that the program drops (MADV_DONTNEED) are a change; with
 *           the mprotect back end they are not seen. A drop that the tracker is
 *           told of, by ww_discarded() or ww_remapped(), is no change by itself:
 *           to this and all later checkpoints such a page has the contents that
 *           it had before, and restoring does not bring them back, until the
 *           page is written again, which is a change as any other.
 * Memory    All of it from the kernel, within `bytes_limit`: nothing is
 *           allocated from a heap, which may be what is being restored. A page
 *           with contents is kept whole once, from when it is added or first
 *           written; of each checkpoint only what differs from the one before, in
 *           lines of 64 bytes, or whole pages where most of one does. Dropping a
 *           checkpoint between others joins two such differences as they are:
 *           that gives no memory back before one of its neighbours is dropped.
 */
#ifndef WRITEWATCH_SNAPSHOT_H
#define WRITEWATCH_SNAPSHOT_H

#include <writewatch/aliases.h>
#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A ring of checkpoints over some watched ranges. Opaque. */
typedef struct ww_snapshots ww_snapshots;

/* An empty ring of at most `checkpoint_limit` checkpoints (1 to 2^20), whose
 * page copies use at most `bytes_limit` bytes of memory (at least one page).
 * When either is reached the oldest checkpoints are dropped. */
WW_EXPORT int ww_snapshots_create(ww_tracker *tracker, size_t checkpoint_limit,
                                  size_t bytes_limit, ww_snapshots **snapshots) WW_NOEXCEPT;

/* NULL is accepted. The watches stay. No other call may run on the object. */
WW_EXPORT void ww_snapshots_destroy(ww_snapshots *snapshots) WW_NOEXCEPT;

/* From now on [base, base + bytes), which lies inside one watch, belongs to
 * what is kept: its contents now are copied once, those of pages that were
 * never touched cost nothing. To checkpoints that exist already it had these
 * contents. What is only output, such as a picture that is drawn anew each time,
 * need not be kept: add what lies around its pages. At most 65,536 ranges.
 *   -EEXIST   a part of the range was added before
 *   -EOPNOTSUPP  it is hugetlb memory
 *   -EBUSY    somebody else resets a part of it: other snapshots, generations */
WW_EXPORT int ww_snapshots_add(ww_snapshots *snapshots, void *base, size_t bytes) WW_NOEXCEPT;

/* The same for shared memory that is mapped at several addresses: [base, base +
 * bytes) lies inside one view of `aliases` (aliases.h), through which its pages
 * are read and written back; what is written through any of the group's views is
 * a change of them. Add each part of the object once, by whichever view. The
 * group outlives the object, and so does this view in it; its other readers are
 * not disturbed. Its pages are always armed, hot or not.
 *   -ENOENT   the range is not inside one view; taking and restoring give it
 *             when the view, or the watch of another, is gone
 *   -EINVAL   the group is of another tracker */
WW_EXPORT int ww_snapshots_add_aliases(ww_snapshots *snapshots, ww_aliases *aliases, void *base,
                                       size_t bytes) WW_NOEXCEPT;

/* Takes a checkpoint; `*checkpoint` becomes its id: 1, 2, ... in the order of
 * taking. Those behind the one that was restored last are dropped before. After
 * a failure the next take covers what this one did not. */
WW_EXPORT int ww_snapshots_take(ww_snapshots *snapshots, uint64_t *checkpoint) WW_NOEXCEPT;

/* Makes the memory what it was at that checkpoint, byte for byte. All other
 * checkpoints stay, later ones too, until the next one is taken. */
WW_EXPORT int ww_snapshots_restore(ww_snapshots *snapshots, uint64_t checkpoint) WW_NOEXCEPT;

/* Forgets one checkpoint, the others stay as they are.
 *   -EBUSY    it was restored last, and later ones exist */
WW_EXPORT int ww_snapshots_drop(ww_snapshots *snapshots, uint64_t checkpoint) WW_NOEXCEPT;

typedef struct ww_snapshot_stats {
    uint64_t checkpoints;    /* in the ring */
    uint64_t oldest;         /* id, 0 if there is none */
    uint64_t newest;         /* id, 0 if there is none */
    uint64_t bytes_kept;     /* copies of pages and lists of them */
    uint64_t last_pages;     /* that the last take copied, or the last restore wrote back */
    uint64_t last_ns;        /* that it took in all */
    uint64_t dropped_for_room; /* checkpoints, because of `bytes_limit` */
    /* Of all takes so far: */
    uint64_t takes;          /* that succeeded */
    uint64_t take_ns;        /* time that they took; by pages_compared: time a page */
    uint64_t pages_compared; /* found written, or hot */
    uint64_t pages_copied;   /* of them: that differed from the checkpoint before */
    uint64_t faults_avoided; /* stores that would have taken a write fault, were pages not
                                left unarmed: at least so many, one a page and take */
} ww_snapshot_stats;

/* Fills the first `stats_bytes` bytes of `*stats` (sizeof(ww_snapshot_stats) as
 * the caller was compiled); what this library does not know becomes 0. */
WW_EXPORT void ww_snapshots_stats(ww_snapshots *snapshots, ww_snapshot_stats *stats,
                                  size_t stats_bytes) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
