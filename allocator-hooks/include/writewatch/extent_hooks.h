/* SPDX-License-Identifier: MIT
 *
 * Watched memory for any allocator, in the shape of jemalloc's extent hooks: a
 * table of calls that an allocator makes for its large pieces of memory, all
 * from one reservation whose written pages are known.
 *
 * Units     Bytes; extents are multiples of the page size.
 * Threads   Any thread, any call, at any time; no lock is taken and nobody
 *           waited for.
 * Signals   Not from a signal handler that interrupted the same allocator.
 * Fork      The child has its copy of the memory, which nobody watches.
 * Returns   0 on success, as jemalloc does it the other way round: an adaptor
 *           for it returns `hooks->commit(...) != 0`.
 */
#ifndef WRITEWATCH_EXTENT_HOOKS_H
#define WRITEWATCH_EXTENT_HOOKS_H

#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ww_extents ww_extents;

typedef struct ww_extent_hooks {
    /* An extent of `bytes` bytes at a multiple of `alignment` (a power of 2; 0:
     * the page size), readable, writable and reading as zeros. NULL when the
     * reservation is used up. */
    void *(*alloc)(ww_extents *extents, size_t bytes, size_t alignment);
    /* Gives back what alloc() gave, or a part of it that split() made. Its
     * contents are dropped; the address comes again. */
    int (*dalloc)(ww_extents *extents, void *base, size_t bytes);
    /* Pages of an extent are going to be used (again), or not for now. What is
     * decommitted reads as zeros afterwards and holds no memory; it may be used
     * without being committed. */
    int (*commit)(ww_extents *extents, void *base, size_t bytes);
    int (*decommit)(ww_extents *extents, void *base, size_t bytes);
    /* The contents are not needed any more. lazy: they may stay or become zeros
     * at any time until the page is written again, which is when and whether
     * the system needs the memory, and is reported as written or not. forced:
     * they are zeros now, no write, reported as discarded where a collect tells
     * that. */
    int (*purge_lazy)(ww_extents *extents, void *base, size_t bytes);
    int (*purge_forced)(ww_extents *extents, void *base, size_t bytes);
    /* Two neighbouring extents become one, or one two: always possible here, and
     * neither writes nor tells anything to the kernel. */
    int (*split)(ww_extents *extents, void *base, size_t bytes_front, size_t bytes_back);
    int (*merge)(ww_extents *extents, void *front, size_t bytes_front, void *back,
                 size_t bytes_back);
} ww_extent_hooks;

/* The table: the same for all. */
WW_EXPORT const ww_extent_hooks *ww_extents_hooks(void) WW_NOEXCEPT;

/* Reserves `reserve_bytes` (rounded up to 2 MiB) of address space and watches
 * it: one range, one watch. The tracker outlives it.
 *   -EINVAL   0 bytes
 *   -ENOMEM   no address space
 *   or as from ww_watch() */
WW_EXPORT int ww_extents_create(ww_tracker *tracker, size_t reserve_bytes,
                                ww_extents **extents) WW_NOEXCEPT;

/* Unmaps everything, whatever is still in use. NULL is accepted. */
WW_EXPORT void ww_extents_destroy(ww_extents *extents) WW_NOEXCEPT;

/* What the tracker is to be asked about. */
WW_EXPORT ww_range ww_extents_range(const ww_extents *extents) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
