/* SPDX-License-Identifier: MIT
 *
 * A heap whose written pages are known: mimalloc's, in memory that is reserved
 * and watched for it. A program keeps what it wants to roll back, save or scan
 * in such a heap, and asks the tracker about the heap's ranges.
 *
 * Units     Bytes.
 * Errors    0 or a pointer on success, a negative errno value or NULL on failure.
 * Threads   mimalloc 2 lets only the thread that created a heap allocate from it
 *           (ww_heap_malloc() and its like give NULL elsewhere); any thread
 *           frees. Make one heap a thread; as many as there are.
 * Writes    The allocator's own: it keeps lists of free blocks inside of its
 *           pages, so allocating and freeing write to pages as the program does.
 *           What WW_HEAP_PURGE gives back to the system is no write: such pages
 *           read as zeros, and are reported as discarded where a collect tells
 *           that.
 * mimalloc  2 or 3, as this library was built. With 3 a block has less than 224 MiB,
 *           a range 16 GiB at most, and what is reserved lies at multiples of
 *           256 MiB; heaps begin with pages of its bookkeeping.
 * Fork      A child can go on using its copy of the heap, which nobody watches.
 * Lifetime  The tracker outlives the heap.
 */
#ifndef WRITEWATCH_HEAP_H
#define WRITEWATCH_HEAP_H

#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque. */
typedef struct ww_heap ww_heap;

enum ww_heap_flags {
    /* Memory that stays unused for a while (mimalloc's decommit delays) goes
     * back to the system. Without, what was once used is kept. */
    WW_HEAP_PURGE = 1,
};

/* `reserve_bytes` is how much address space comes at first (0: 1 GiB; rounded up
 * to 64 MiB); more comes, twice as much each time, as the heap grows. mimalloc
 * has 64 reservations in a process at most; those of destroyed heaps are used
 * again.
 *   -EINVAL   an unknown flag
 *   -ENOMEM   no address space, or no reservation is left
 *   or as from ww_watch() */
WW_EXPORT int ww_heap_create(ww_tracker *tracker, size_t reserve_bytes, unsigned flags,
                             ww_heap **heap) WW_NOEXCEPT;

/* Frees all blocks of the heap at once and ends the watching. Only by the thread
 * that created it. NULL is accepted. */
WW_EXPORT void ww_heap_destroy(ww_heap *heap) WW_NOEXCEPT;

WW_EXPORT void *ww_heap_malloc(ww_heap *heap, size_t bytes) WW_NOEXCEPT;
WW_EXPORT void *ww_heap_calloc(ww_heap *heap, size_t count, size_t bytes) WW_NOEXCEPT;
/* In place where it fits. A block of another heap moves into this one. */
WW_EXPORT void *ww_heap_realloc(ww_heap *heap, void *block, size_t bytes) WW_NOEXCEPT;
/* `alignment` is a power of 2, or the call fails. */
WW_EXPORT void *ww_heap_aligned_alloc(ww_heap *heap, size_t alignment,
                                      size_t bytes) WW_NOEXCEPT;
/* Any thread, any heap's block; NULL is accepted. */
WW_EXPORT void ww_heap_free(void *block) WW_NOEXCEPT;
WW_EXPORT size_t ww_heap_usable_size(const void *block) WW_NOEXCEPT;

/* With WW_HEAP_PURGE: gives all memory that is not in use back to the system now.
 * Only by the thread that created the heap. */
WW_EXPORT void ww_heap_purge(ww_heap *heap) WW_NOEXCEPT;

/* Stores the ranges that the heap's memory lies in, each of them a watch, and
 * returns how many there are, which may be more than `capacity`. */
WW_EXPORT size_t ww_heap_ranges(const ww_heap *heap, ww_range *ranges,
                                size_t capacity) WW_NOEXCEPT;

typedef struct ww_heap_stats {
    size_t reserved_bytes; /* address space of all ranges */
    size_t blocks;         /* in use, or freed by another thread and not taken back yet */
    size_t block_bytes;    /* of these, as mimalloc rounds sizes up */
} ww_heap_stats;

/* Fills the first `stats_bytes` bytes of `*stats` (sizeof(ww_heap_stats) as the
 * caller was compiled); what this library does not know becomes 0. Writes to no
 * page of the heap, as ww_heap_ranges() and ww_heap_usable_size() do not; only where
 * other threads freed blocks mimalloc 3 settles that, which writes, and counts them
 * no more. Only by the thread that created the heap; elsewhere all is 0. */
WW_EXPORT void ww_heap_stats_get(const ww_heap *heap, ww_heap_stats *stats,
                                 size_t stats_bytes) WW_NOEXCEPT;

/* Visits every block in use until `visit` returns 0; returns whether it visited
 * all. mimalloc settles what other threads freed as it looks, of which some
 * blocks may still be visited, and writes to its own pages in the ranges even
 * where there is nothing to settle: collect first. Statistics do not. Only by the
 * thread that created the heap. */
WW_EXPORT int ww_heap_visit(ww_heap *heap, int (*visit)(void *block, size_t bytes, void *argument),
                            void *argument) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
