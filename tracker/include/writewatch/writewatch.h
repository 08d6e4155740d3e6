/* SPDX-License-Identifier: MIT
 *
 * writewatch: tell the tracker which memory to watch; later ask it which pages
 * were written.
 *
 * The contract, once; each function says only where it differs.
 *
 * Units     Sizes are bytes, counts are pages or ranges. Every range is page
 *           aligned at both ends, not empty, and does not wrap. A page is
 *           sysconf(_SC_PAGESIZE) bytes; in a watch of hugetlb memory it is a
 *           huge page, in every answer and for every range (ww_granularity()).
 * Errors    0 or a count on success, a negative errno value on failure:
 *             -EINVAL   a range that is not as above, or an unknown flag
 *             -ENOENT   a range that is not wholly inside one watch
 *             -EBUSY    a reset of memory that generations, hot pages, aliases or
 *                       snapshots reset for all who ask
 *             -ENOSYS   this process is a forked child (see Fork)
 *           Outputs are untouched on failure unless said otherwise. The
 *           caller's errno is never changed.
 * Threads   Any thread, any function, at any time. Collecting and resetting
 *           take no lock and wait for nobody: overlapping calls run side by
 *           side and each write is reported to exactly one resetting collect.
 *           Watching and unwatching take one short lock with all signals
 *           blocked.
 * Signals   Collecting and resetting may be called from a signal handler, and
 *           from a thread that a signal may stop at any instruction for any
 *           time: nobody else is held up by it.
 * Lifetime  The caller keeps a watched range mapped, or tells of the change:
 *           ww_remapped() after new memory was mapped over a part of it,
 *           ww_forget() before it is unmapped. What changed without a word is
 *           found at the next collect, reported as written where pages are
 *           present, watched again, and counted (ww_counters()). Contents that
 *           were dropped without a word (MADV_DONTNEED) are no write: such a
 *           page may be reported or not, until a resetting collect reports it.
 * Fork      A forked child has no watches: every call there fails with
 *           -ENOSYS and cannot act on its parent. The parent is unaffected.
 *           After exec nothing is left; all descriptors are close-on-exec.
 *           A child of vfork(2) shares the parent's memory but not its
 *           descriptors: it must not call anything here.
 * Descriptors  A program may close descriptors that are not its own, as
 *           daemons do with every number above 2, and use their numbers again.
 *           The next call that needs them finds it out and opens them again. With
 *           them the kernel forgot what was watched: each watch is registered
 *           again at its next collect, all its populated pages are reported as
 *           written, and both are counted (ww_counters()). While they cannot be
 *           opened again (-EMFILE) collecting fails and loses nothing. No call
 *           acts on a file that took over a number, and none is closed by
 *           ww_tracker_destroy(); only if the program had put another
 *           userfaultfd, or the pagemap of another process, at just our
 *           number, which is a high one, would nothing be wrong with it.
 * Counters  How often each watch is asked, what that reports and costs is counted
 *           in 32 KiB of shared memory, for `writewatch top` and its like: a memfd
 *           named "writewatch", one more descriptor from the first ww_watch() on,
 *           sealed against others; without it, as when memory or descriptors ran
 *           out, nothing else changes. WRITEWATCH_COUNTERS in the environment:
 *           "off" for none, or the absolute path of a folder, in which each
 *           tracker then leaves a file that outlives the process; keep that
 *           folder in memory (/dev/shm), and the files as long as they are.
 * Exactness A page is reported if and only if it was written (by a store, or by
 *           the kernel on the process's behalf, as in read(2)) since it was
 *           watched or last reset. Reading, mprotect(2) and writes to
 *           neighbours do not count. Exceptions, all the kernel's: writes by
 *           O_DIRECT input or io_uring registered buffers that are in flight
 *           while a page is reset are not seen; nor is a write to shared memory,
 *           which outlives it, if the page is dropped by MADV_DONTNEED before a
 *           collect, where it is hugetlb memory; or, from Linux 6.14 to the
 *           fix of July 2026, where a whole aligned block of 2 MiB (what one page
 *           table spans) is dropped, which may take the page table with it.
 * Memory    What is mapped is looked up when it is watched:
 *             private anonymous  Costs follow what is touched: nothing is done to
 *                       memory that never was.
 *             private file mappings, as the data segment of a library, with
 *                       anonymous memory behind it or not; shared memory and
 *                       shared file mappings. Page tables are made for the whole
 *                       range, 2 MB a GiB, and the first touch costs half as
 *                       much again: pages are protected before they are there,
 *                       as a written page of a file may leave the page table
 *                       with nothing left to tell it from an untouched one.
 *             hugetlb   Ranges of whole huge pages, of the size of the machine's
 *                       second level of page tables (2 MiB on x86-64) and of
 *                       nothing else. Two overlapping resetting collects may both
 *                       report a page. Needs Linux 6.11.
 *           Of shared memory a watch sees what is written through its own
 *           addresses, not through other mappings of it, nor through its file.
 *           Transparent huge pages are turned off where a watched range could
 *           have one (MADV_NOHUGEPAGE), or one write would report 512; what was
 *           huge before is split as it is written (see WW_WATCH_HUGE_PAGES).
 *           Swapped pages keep their state.
 * Needs     Linux 6.7 or newer on x86-64, or 6.10 on arm64: PAGEMAP_SCAN, and
 *           userfaultfd with asynchronous write-protection. Elsewhere the
 *           mprotect back end serves, with limits (below). ww_probe() tells.
 *           WRITEWATCH_BACKEND=pagemap-scan, mprotect or none in the
 *           environment forces one, none included; it is read once, and not in
 *           programs that have more privileges than their user.
 *
 * With mprotect clean pages are read-only, and a handler of SIGSEGV, installed
 * with the first such tracker and never removed, opens what is written. All of
 * the above holds, but for this:
 *   - The kernel's own writes to clean pages, as in read(2), fail with EFAULT.
 *   - SIGSEGV must not be blocked in a thread that stores to watched memory, nor
 *     in a signal handler that does: the kernel would end the program.
 *   - Faults that are the program's own go to the handler that it had before,
 *     as if the kernel had called it, or end the program. A handler installed
 *     later has to pass on what it does not know to the one it replaced; that
 *     there is one is counted (foreign_handlers).
 *   - Each border between clean and written pages is one of mappings, and these
 *     are limited (vm.max_map_count). At the limit a whole mapping is opened,
 *     and what is populated of it reported as written; it is counted
 *     (mapping_limits).
 *   - Protections: memory that is read-only when it is watched, and PROT_NONE at
 *     any time, is kept as it is. Read-only protection that the program sets
 *     later does not hold against a store. After giving access by mprotect(2)
 *     call ww_remapped(): populated pages are then reported as written. Without
 *     a word they are too, unless access was taken away again meanwhile. Do not
 *     change protections while a collect of the same memory runs.
 *   - Transparent huge pages are not turned off. Clean memory gets none, and one
 *     that was there when its memory was watched is split as it is written, and
 *     exact. Memory told of by ww_remapped() is open until the next collect: a
 *     huge page that comes there with its first touch, though by reading, is
 *     reported with all of its pages, once.
 *   - Populated means that the kernel has something there, though it was only
 *     read, and all of shared memory: where populated pages count as written
 *     (WW_WATCH_KEEP, changes, ww_remapped()) these do. WW_WATCH_KEEP finds
 *     nothing of what was known before ww_forget().
 *   - Pages written before a change without a word are reported, also if they
 *     have no contents any more.
 *   - ww_forget() opens the memory again. It comes before munmap(2), mremap(2)
 *     and anything else that takes the memory away, never behind: by then it
 *     may be somebody else's.
 *   - Where the kernel refuses to open memory again ww_unwatch() gives its error,
 *     and the watch has ended. The handler goes on opening pages there as they
 *     are stored to, also after ww_forget() and ww_tracker_destroy(), which do
 *     not tell.
 *   - The handler runs on the thread's alternate signal stack where it has one,
 *     and needs 1 KiB there beyond the kernel's part (sysconf(_SC_MINSIGSTKSZ));
 *     a handler to which faults are passed on needs its own part, too.
 *   - Hugetlb memory is refused. Writes through other mappings of memory are
 *     not seen.
 *   - A collect reads the list of mappings, which costs some 1 to 100
 *     microseconds and needs three descriptors while it runs.
 */
#ifndef WRITEWATCH_WRITEWATCH_H
#define WRITEWATCH_WRITEWATCH_H

#include <stddef.h>
#include <stdint.h>

#ifndef WW_EXPORT
#define WW_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define WW_NOEXCEPT noexcept
extern "C" {
#else
#define WW_NOEXCEPT
#endif

/* A set of watches. Opaque. */
typedef struct ww_tracker ww_tracker;

/* How writes are found. */
enum ww_backend {
    WW_BACKEND_NONE = 0,         /* nothing on this machine serves */
    WW_BACKEND_PAGEMAP_SCAN = 1, /* userfaultfd WP_ASYNC and PAGEMAP_SCAN */
    WW_BACKEND_MPROTECT = 2,     /* read-only pages and a SIGSEGV handler */
};

/* Bytes that hold every reason ww_probe() can give, with its final NUL. */
#define WW_REASON_BYTES 160

/* Which back end a tracker of this process uses. Found once, by effect: on a
 * scratch mapping, a store and a read(2) into protected pages must both be
 * seen, an untouched and a merely read page must not. Later calls answer from
 * memory. Unless it is WW_BACKEND_PAGEMAP_SCAN, `reason` says in words why not,
 * as one line without a newline; otherwise it becomes "". `reason` may be NULL;
 * at most `reason_bytes` bytes are written, always ending in NUL.
 * The first call opens and closes two descriptors and maps a few pages. Where that
 * fails for want of descriptors or memory the answer is WW_BACKEND_NONE, and is
 * not remembered. */
WW_EXPORT enum ww_backend ww_probe(char *reason, size_t reason_bytes) WW_NOEXCEPT;

/* "pagemap-scan", "mprotect" or "none"; static. */
WW_EXPORT const char *ww_backend_name(enum ww_backend backend) WW_NOEXCEPT;

/* Creates a tracker: two descriptors and a few pages; the rest grows with
 * the watches. Memory can be watched by one tracker at a time.
 *   -ENOTSUP  no back end serves (ww_probe() says why)
 *   -EINVAL   WRITEWATCH_BACKEND is not a back end
 *   -EMFILE, -ENFILE, -ENOMEM as from the kernel; a later call may succeed */
WW_EXPORT int ww_tracker_create(ww_tracker **tracker) WW_NOEXCEPT;

/* The same with this back end and no other; WW_BACKEND_NONE leaves the choice
 * to ww_tracker_create().
 *   -ENOTSUP  it does not serve here, or WRITEWATCH_BACKEND forces another */
WW_EXPORT int ww_tracker_create_with(ww_tracker **tracker, enum ww_backend backend) WW_NOEXCEPT;

/* Ends all watches of `tracker` (the kernel does it when the descriptors are
 * closed; pages stay as they are) and frees it. NULL is accepted. No other
 * call may run on the same tracker. In a forked child it frees the child's
 * copy. */
WW_EXPORT void ww_tracker_destroy(ww_tracker *tracker) WW_NOEXCEPT;

/* Never WW_BACKEND_NONE. */
WW_EXPORT enum ww_backend ww_tracker_backend(const ww_tracker *tracker) WW_NOEXCEPT;

enum ww_watch_flags {
    /* The caller knows that the range is private anonymous memory: the look
     * into the process's mappings is saved. A wrong word loses writes. */
    WW_WATCH_ANONYMOUS = 1,
    /* Populated pages are not made clean. A page that ww_forget() left as it
     * was has the state that it had; any other populated page counts as
     * written. For fresh memory, which has none, and for a caller that forgot
     * a range and finds that it lives on. Of other memory than private
     * anonymous every page that is not known to be clean counts as written,
     * there or not. */
    WW_WATCH_KEEP = 2,
    /* Transparent huge pages stay as they are, for private anonymous memory that
     * is populated and mostly read. Still one page is reported for one store:
     * the whole range is protected at once, and a huge page split at the first
     * write to it. With huge pages, populating takes a third of the time and a
     * collect of clean memory a tenth or less; the first writes after the watch
     * began cost about three times as much, and after them there is no
     * difference. Untouched memory costs page tables, and gets no huge pages.
     * Memory whose contents were dropped may become huge, and is then reported
     * in units of 512 pages, until a reset. Not with WW_WATCH_KEEP. */
    WW_WATCH_HUGE_PAGES = 4,
};

/* Watches [base, base + bytes). All pages start clean; fresh private anonymous
 * memory costs the same for 4 KiB and for 256 GiB, and no page tables.
 *   -EEXIST   a part of the range is watched already by this tracker
 *   -EBUSY    a part is registered with another userfaultfd
 *   -EPERM    a part is a shared mapping of a file that was opened read-only
 *   -EOPNOTSUPP  a part cannot be watched: the kernel's own mappings, hugetlb
 *             memory beside other memory or with pages of another size; or
 *             WW_WATCH_HUGE_PAGES for other than private anonymous memory
 *   -ENOMEM   a part is not mapped, or memory or mappings ran out
 *   -EINVAL   hugetlb memory, and the range is not of whole huge pages
 *   -EMFILE, -ENFILE  without WW_WATCH_ANONYMOUS: three descriptors are
 *             needed for the look into the mappings
 * On failure nothing of the range is watched. */
WW_EXPORT int ww_watch(ww_tracker *tracker, void *base, size_t bytes,
                       unsigned flags) WW_NOEXCEPT;

/* The bytes of a page, as answers about the watch at `base` (page aligned) mean
 * it: sysconf(_SC_PAGESIZE), or the size of a huge page in hugetlb memory. 0 if
 * nothing is watched there. */
WW_EXPORT size_t ww_granularity(const ww_tracker *tracker, const void *base) WW_NOEXCEPT;

/* Ends the watching of [base, base + bytes): the parts of it that are watched;
 * none is fine too, what is left on both sides stays watched, as two watches.
 * The memory lives on: protections are lifted, which costs some 7 ms a
 * populated GiB. For memory that is about to be unmapped use ww_forget(). */
WW_EXPORT int ww_unwatch(ww_tracker *tracker, void *base, size_t bytes) WW_NOEXCEPT;

/* As ww_unwatch(), for memory that is gone or is just about to go: only
 * forgets, and costs nothing. Call it before munmap(2), so that the addresses
 * cannot reach somebody else while they are still watched. */
WW_EXPORT int ww_forget(ww_tracker *tracker, void *base, size_t bytes) WW_NOEXCEPT;

/* Tells that new memory was mapped over [base, base + bytes): the watched parts
 * of it are registered again and start clean unless already written again (in
 * memory other than private anonymous: unless touched again). Parts that are
 * not watched are passed over. Call it after the change, on success only. What
 * was private anonymous memory must still be; a private file mapping may have
 * become anonymous, shared memory either of them. To watch memory of another
 * kind, unwatch and watch.
 * Fails as ww_watch() does; what failed is then treated as changed without a
 * word. */
WW_EXPORT int ww_remapped(ww_tracker *tracker, void *base, size_t bytes) WW_NOEXCEPT;

/* Tells that the contents of [base, base + bytes) were dropped, and the mapping
 * left as it is (MADV_DONTNEED, an allocator's purge): the watched parts start
 * clean unless written again (as above). Cheaper than ww_remapped(). Call it
 * after the change. In shared memory, of which dropping pages drops nothing, it
 * changes nothing. */
WW_EXPORT int ww_discarded(ww_tracker *tracker, void *base, size_t bytes) WW_NOEXCEPT;

/* True if [base, base + bytes) lies wholly inside one watch; then, if `watch`
 * is not NULL, the extent of that watch is stored there. */
typedef struct ww_range {
    void *base;
    size_t bytes;
} ww_range;
WW_EXPORT int ww_find(const ww_tracker *tracker, const void *base, size_t bytes,
                      ww_range *watch) WW_NOEXCEPT;

/* True if a page of [base, base + bytes) is watched; then, if `watch` is not
 * NULL, the extent of the first watch with such a page is stored there. Costs a
 * lookup, however wide the range. */
WW_EXPORT int ww_find_first(const ww_tracker *tracker, const void *base, size_t bytes,
                            ww_range *watch) WW_NOEXCEPT;

enum ww_collect_flags {
    /* The reported pages, and only those, start clean again, in the same step
     * that finds them: no write is lost between. */
    WW_RESET = 1,
    /* For several ranges in one call only: the caller knows that nothing was
     * mapped over them, or unmapped, without ww_remapped() or ww_forget(). It is
     * then not looked for. A wrong word loses writes. */
    WW_UNCHANGED = 2,
};

/* Reports the written pages of [base, base + bytes), which must lie inside
 * one watch, in ascending order, until `page_capacity` addresses are stored or
 * the range is through; returns how many. `*resume`, if not NULL, becomes the
 * address up to which everything has been answered: base + bytes when the
 * range is through, otherwise the place for the next call to start.
 *
 * On a failure in the middle (only the kernel's own: -ENOMEM and the like) with
 * nothing stored yet the error is returned; otherwise the count so far, with
 * *resume in front of what failed, so that no reset is ever lost.
 *
 * `pages` must be writable: with WW_RESET a fault while storing loses what was
 * found. Reading a reported page belongs after the call. */
WW_EXPORT ptrdiff_t ww_collect_pages(ww_tracker *tracker, const void *base, size_t bytes,
                                     unsigned flags, void **pages, size_t page_capacity,
                                     void **resume) WW_NOEXCEPT;

/* The same answer as coalesced ranges. Two stored ranges never touch; a range
 * may go on in the next call where the capacity ended this one. */
WW_EXPORT ptrdiff_t ww_collect_ranges(ww_tracker *tracker, const void *base, size_t bytes,
                                      unsigned flags, ww_range *ranges,
                                      size_t range_capacity, void **resume) WW_NOEXCEPT;

/* The same answer as a bitmap: bit i % 64 of words[i / 64] becomes 1 where page
 * i, counted from `base`, was written; other bits stay as they are. Covers as
 * many pages as `word_count` words have bits, where *resume then points;
 * returns how many were reported. Nobody else may change the words meanwhile. */
WW_EXPORT ptrdiff_t ww_collect_bitmap(ww_tracker *tracker, const void *base, size_t bytes,
                                      unsigned flags, uint64_t *words, size_t word_count,
                                      void **resume) WW_NOEXCEPT;

/* Only the number of written pages, counting up to `page_limit`; with WW_RESET
 * those that were counted start clean again. */
WW_EXPORT ptrdiff_t ww_count_written(ww_tracker *tracker, const void *base, size_t bytes,
                                     unsigned flags, size_t page_limit,
                                     void **resume) WW_NOEXCEPT;

/* Whether any page of the range was written: 1 or 0. Stops at the first. */
WW_EXPORT int ww_any_written(ww_tracker *tracker, const void *base, size_t bytes) WW_NOEXCEPT;

/* The same questions about several ranges in one call, as of all buffers of a
 * frame. `asked` are ranges in ascending order that do not overlap (-EINVAL
 * otherwise), each inside one watch (-ENOENT); none at all is fine. Between
 * them may lie anything, tracked by others or not: nothing but the ranges is
 * reset. Of many small ranges near each other the clean ones cost half of a
 * call each, with WW_UNCHANGED a third; a written one costs its own call.
 *
 * `from` is NULL, or where the last call with the same ranges stopped:
 * `*resume`, which becomes NULL when everything has been answered.
 *
 *     void *at = NULL;
 *     do
 *         n = ww_collect_ranges_many(t, asked, count, at, WW_RESET, out, 64, &at);
 *     while (n >= 0 && at != NULL);
 */
WW_EXPORT ptrdiff_t ww_collect_pages_many(ww_tracker *tracker, const ww_range *asked,
                                          size_t asked_count, const void *from, unsigned flags,
                                          void **pages, size_t page_capacity,
                                          void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_collect_ranges_many(ww_tracker *tracker, const ww_range *asked,
                                           size_t asked_count, const void *from, unsigned flags,
                                           ww_range *ranges, size_t range_capacity,
                                           void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_count_written_many(ww_tracker *tracker, const ww_range *asked,
                                          size_t asked_count, const void *from, unsigned flags,
                                          size_t page_limit, void **resume) WW_NOEXCEPT;
WW_EXPORT int ww_any_written_many(ww_tracker *tracker, const ww_range *asked,
                                  size_t asked_count) WW_NOEXCEPT;

/* Makes every page of the range clean. A write that races it may count as
 * before or after. */
WW_EXPORT int ww_reset(ww_tracker *tracker, const void *base, size_t bytes) WW_NOEXCEPT;

/* What went on so far. Fields may be added at the end. */
typedef struct ww_counters {
    uint64_t watches; /* there are now */
    uint64_t repairs; /* parts found changed without a word, since creation */
    /* Descriptors found closed by the program, and opened again (see
     * Descriptors). */
    uint64_t reopened;
    /* With mprotect: how often the kernel allowed no more mappings, and more was
     * opened than was written; collects that found another SIGSEGV handler in
     * front of ours. */
    uint64_t mapping_limits;
    uint64_t foreign_handlers;
} ww_counters;

/* Fills the first `counters_bytes` bytes of `*counters` (sizeof(ww_counters) as
 * the caller was compiled); what this library does not know becomes 0. */
WW_EXPORT void ww_tracker_counters(const ww_tracker *tracker, ww_counters *counters,
                                   size_t counters_bytes) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
