/* SPDX-License-Identifier: MIT
 *
 * Windows' write watches for a Wine-style layer: for whoever implements
 * NtAllocateVirtualMemory and its sisters on Linux. The layer says what it does
 * to memory, and has NtGetWriteWatch and NtResetWriteWatch answered by Windows'
 * rules; it needs no write faults, no bit per page and no write protection of
 * its own for them. (Not for applications: writewatch/win32.h has Windows' own
 * calls, writewatch/writewatch.h the tracker below all of this.)
 *
 *   the layer has                            and calls
 *   ---------------------------------------  ---------------------------------
 *   reserved memory, watched or not          ww_wine_reserved()     after it
 *   released memory, all or a part           ww_wine_releasing()    before it
 *   ... and the release failed after all     ww_wine_release_failed()
 *   decommitted memory                       ww_wine_decommitted()  after it
 *   changed the protection                   ww_wine_protected()    after it
 *   to answer NtGetWriteWatch                ww_wine_get_write_watch()
 *   to answer NtResetWriteWatch              ww_wine_reset_write_watch()
 *   been asked for MEM_RESET                 nothing; see ww_wine_watched()
 *   committed memory, locked it, queried it  nothing
 *   stored on the program's behalf           nothing: the kernel sees it
 *   a read into memory that may yet fail     nothing; see ww_wine_overlaps()
 *
 * Watched   is one set for the process, as is its address space. It is empty
 *           and costs nothing until the first watch.
 * Memory    of a watch is private and anonymous: mmap(MAP_PRIVATE |
 *           MAP_ANONYMOUS), readable, writable or not as the program wants it.
 *           The layer does not write-protect pages to find writes. It may map
 *           anonymous memory over parts of a watch (Wine's decommit does) and
 *           use mprotect(2) and mlock(2) as it likes.
 * Ranges    Bytes, as the program passes them: where a function does not say
 *           otherwise, a range stands for every 4,096-byte page that one of its
 *           bytes lies in.
 * Locks     None is needed, taken or waited for in the layer's sense: a thread
 *           may be suspended or killed at any instruction in here, and the rest
 *           go on. ww_wine_reserved() and ww_wine_releasing() hold a lock of
 *           the tracker's for some hundred instructions, with all signals
 *           blocked; nothing else holds anything. Tell of a change inside the
 *           layer's own lock, if it has one, or in the order described here if
 *           it has not; ask the questions outside of it, so that a long query
 *           does not hold up other threads' allocations.
 * Faults    Only the two questions touch the program's memory: outputs are made
 *           sure of, as Windows probes them, before anything is reset. A fault
 *           there may unwind past these functions (longjmp, or Wine's way back
 *           to the caller of a system call): nothing is held, and nothing was
 *           changed.
 * Stack     Less than 8 KiB, for questions and changes of protection; Wine's own
 *           answers take as much. No allocation, no output, errno is kept.
 * Costs     Measured on Linux 6.18, on a busy machine: what concerns memory that
 *           is not watched is a lookup of 10 to 20 ns. A watch and its release
 *           take 1.2 microseconds, of 256 GiB 3.5; a query 0.9, with 256 clean
 *           pages 1.2; a change of protection as much where it meets watched
 *           pages, and 4 if it latches 256.
 * Fork      A forked child has no watches (writewatch/writewatch.h).
 * Needs     what writewatch/writewatch.h needs; ww_probe() tells. Without it
 *           ww_wine_reserved() fails with STATUS_NOT_SUPPORTED.
 *
 * Sources   MSDN on GetWriteWatch, ResetWriteWatch and VirtualAlloc, and what
 *           Wine's tests found on Windows: kernel32/tests/virtual.c (W).
 */
#ifndef WRITEWATCH_WINE_H
#define WRITEWATCH_WINE_H

#include <stddef.h>
#include <stdint.h>

/* Wine's own types where winternl.h was included before, and their equals where
 * it was not: the width and the calling convention are the same. */
#if defined(__WINE_WINTERNL_H)
typedef NTSTATUS ww_wine_status;
typedef ULONG ww_wine_ulong;
typedef ULONG_PTR ww_wine_count;
typedef SIZE_T ww_wine_size;
#else
typedef int32_t ww_wine_status;
typedef uint32_t ww_wine_ulong;
typedef uintptr_t ww_wine_count;
typedef size_t ww_wine_size;
#endif

#ifdef __cplusplus
#define WW_WINE_NOEXCEPT noexcept
extern "C" {
#else
#define WW_WINE_NOEXCEPT
#endif

/* ---- What the layer does ------------------------------------------------- */

/* After a successful reservation of any kind (MEM_RESERVE, a placeholder, a
 * view of a section), with what it came to: page-aligned, and the program's
 * allocation type. Whatever was watched there is gone, however it went. With
 * MEM_WRITE_WATCH in `type` the range is watched from now on, and is clean.
 * Call it before any other thread can know of the memory.
 *   STATUS_SUCCESS
 *   STATUS_NO_MEMORY, STATUS_TOO_MANY_OPENED_FILES, STATUS_NOT_SUPPORTED and
 *   the like: not watched; undo the reservation and return this, or serve it in
 *   some other way. */
ww_wine_status ww_wine_reserved(void *base, ww_wine_size size,
                                ww_wine_ulong type) WW_WINE_NOEXCEPT;

/* A release under way. */
typedef struct ww_wine_release {
    void *base;
    ww_wine_size size;
    void *watch_base; /* the watch that the range was a part of, or NULL */
    ww_wine_size watch_size;
} ww_wine_release;

/* Before the release of a range, or with `size` 0 of everything from `base` to
 * the end of its watch: before the addresses can be given to anybody else. The
 * rest of the watch stays watched on both sides. The release has to be one that
 * Windows allows: a range that does not lie wholly inside one watch is left as
 * it is. `release` may be NULL for a release that cannot fail any more. */
void ww_wine_releasing(const void *base, ww_wine_size size,
                       ww_wine_release *release) WW_WINE_NOEXCEPT;

/* The release failed, and the memory is as it was: it is watched again, in one
 * piece, with what was written before and meanwhile. A question that is asked
 * between the two calls is refused. */
void ww_wine_release_failed(const ww_wine_release *release) WW_WINE_NOEXCEPT;

/* After a successful decommit of a range, or with `size` 0 of everything from
 * `base` to the end of its watch. The pages are clean, except those that were
 * latched (see below), and watched for when they are committed again. (W)
 * Needed for new memory that was mapped over a part of a watch, or its contents
 * dropped, for any other reason as well. */
void ww_wine_decommitted(const void *base, ww_wine_size size) WW_WINE_NOEXCEPT;

/* After a successful change of protection. Neither marks nor cleans a page, but
 * latches those of the range that were written: a decommit does not clean a
 * latched page. It is clean once it is reported with reset, or reset. (W) One
 * that races a reset of the same pages may latch a page too many. */
void ww_wine_protected(const void *base, ww_wine_size size) WW_WINE_NOEXCEPT;

/* ---- What programs ask ----------------------------------------------------- */

/* NtGetWriteWatch, all of it: arguments are checked in Windows' order, outputs
 * written on success only. The process handle does not matter. (W)
 *   STATUS_ACCESS_VIOLATION   no `count`, `granularity` or `addresses`
 *   STATUS_INVALID_PARAMETER  *count or size 0, unknown flags, or a range that
 *                             is not wholly inside one watch */
ww_wine_status ww_wine_get_write_watch(ww_wine_ulong flags, void *base, ww_wine_size size,
                                       void **addresses, ww_wine_count *count,
                                       ww_wine_ulong *granularity) WW_WINE_NOEXCEPT;

/* NtResetWriteWatch: STATUS_INVALID_PARAMETER for a range that is empty or not
 * wholly inside one watch. */
ww_wine_status ww_wine_reset_write_watch(void *base, ww_wine_size size) WW_WINE_NOEXCEPT;

/* ---- What the layer asks ---------------------------------------------------- */

/* Whether the range is not empty and lies wholly inside one watch.
 *  - The layer has write watches of its own as well: whose a question is.
 *  - MEM_RESET: leave such memory alone and report success, after the layer's
 *    usual checks. Dropping the contents at once would drop the knowledge that
 *    they were written; Windows keeps them, too, until memory is short. */
int ww_wine_watched(const void *base, ww_wine_size size) WW_WINE_NOEXCEPT;

/* Whether a page of the range is watched: a call that stores its result there,
 * and may fail (NtReadVirtualMemory), leaves such memory untouched until it
 * knows that it succeeds, as Windows does. Costs a lookup, however wide. */
int ww_wine_overlaps(const void *base, ww_wine_size size) WW_WINE_NOEXCEPT;

/* Whether this process ever watched anything: most never do, and a layer may
 * skip the rest. */
int ww_wine_any(void) WW_WINE_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
