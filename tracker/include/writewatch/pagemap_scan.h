/* SPDX-License-Identifier: MIT
 *
 * What state the pages of a process are in, and which were written: the request
 * proposed to Linux in January 2023 (patch series v7, "Implement IOCTL to get
 * and/or the clear info about PTEs"), and the request that Linux 6.7 and newer
 * has, each as a function. Both get, clear (write-protect), and get and clear
 * in one step.
 *
 * They need no ww_tracker and keep nothing between calls. They stand beside
 * ww_watch(), not on top of it: a clear that another party makes of memory
 * that is watched takes writes away from the watch.
 *
 * Process   `pid` is 0 for the calling process, or any process whose
 *           /proc/PID/pagemap may be opened (the rule of ptrace(2) for
 *           reading). Addresses are the other process's, except for the output.
 *           After fork(2) 0 means the child.
 * Tracking  Memory is write-protected, and so made clean, only where the process
 *           that owns it has registered it with a userfaultfd (mode WP, feature
 *           WP_ASYNC), or watches it with ww_watch(). Elsewhere everything that
 *           is there counts as written, on every kernel version.
 * Written   A page is written until it is protected, and again after the next
 *           write. Private anonymous memory that was never touched is not
 *           written, and protecting it is neither needed nor done: no page
 *           tables are made for a hole. In shared memory and files a page that
 *           is not there may have been written before it went, so there it is
 *           written until the first protection, which marks it.
 * Clearing  A page is protected if and only if it is in a reported region (or,
 *           without an output, is one that would have been reported). What was
 *           written before the protection has been in the page since before
 *           the call returns: copy a page after the call, never before.
 * Huge      Transparent huge pages are split where only a part is protected.
 *   pages   Where the system gives them unasked ("always" in
 *           /sys/kernel/mm/transparent_hugepage/enabled) the first write to fresh
 *           memory writes all 512 pages: madvise(MADV_NOHUGEPAGE), as ww_watch()
 *           does, keeps it exact.
 *           A hugetlb page is protected whole: what is reported of it without
 *           being covered wholly stays written. Reporting and protecting it are
 *           two steps, in this order: no write is lost, but two calls at a time
 *           may both report one. Protecting hugetlb pages of 1 GiB has no
 *           effect before the kernel fix of 2026 (they stay written).
 * Errors    A count of regions on success, a negative errno value on failure.
 *           errno is never changed. Failing leaves every page as it was, but
 *           where there is no output: then a part may be clean already. With
 *           one, what fails after pages were protected returns the regions so
 *           far; the rest is still written for the next call, which then fails.
 *             -ESRCH       no such process, or it has exited
 *             -EACCES      /proc/PID may not be read; other errors of open(2)
 *             -ENOTTY      the kernel lacks PAGEMAP_SCAN (needs Linux 6.7)
 *             -EFAULT      the output cannot be written to
 *             -EOPNOTSUPP  protecting memory of which this kernel (before 6.11)
 *                          does not say whether it is hugetlb
 *           Memory that is mapped while a call runs is answered as it is met.
 * Threads   Any thread, any time; no locks, nothing allocated, four file
 *           descriptors at most while a call runs.
 * Exempt    As in writewatch.h: O_DIRECT input and io_uring registered buffers
 *           in flight, and writes to shared memory through other mappings of it
 *           or through its file, or before MADV_DONTNEED dropped its pages where
 *           writewatch.h says so.
 */
#ifndef WRITEWATCH_PAGEMAP_SCAN_H
#define WRITEWATCH_PAGEMAP_SCAN_H

#include <stddef.h>
#include <stdint.h>

#ifndef WW_EXPORT
#define WW_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#ifndef WW_NOEXCEPT
#define WW_NOEXCEPT noexcept
#endif
extern "C" {
#else
#ifndef WW_NOEXCEPT
#define WW_NOEXCEPT
#endif
#endif

/* ---- The request of January 2023 ------------------------------------------
 *
 * Layout, encodings, the order of the checks and the errors are the
 * proposal's. Names have a prefix because newer systems define the same ones
 * with other values. */

/* Bits of masks and bitmaps. */
#define WW_V7_PAGE_IS_WT UINT64_C(1)      /* written-to: not write-protected */
#define WW_V7_PAGE_IS_FILE UINT64_C(2)    /* the mapping has a file; shared memory has one */
#define WW_V7_PAGE_IS_PRESENT UINT64_C(4) /* in memory */
#define WW_V7_PAGE_IS_SWAPPED UINT64_C(8) /* swapped out, or marked as protected while absent */

/* Flags. */
#define WW_V7_PAGEMAP_WP_ENGAGE UINT32_C(1) /* write-protect what is reported */

struct ww_v7_page_region {
    uint64_t start;  /* address */
    uint64_t len;    /* in pages */
    uint64_t bitmap; /* the bits of return_mask that its pages have */
};

struct ww_v7_pagemap_scan_arg {
    uint64_t start;         /* address, page aligned */
    uint64_t len;           /* in bytes; a page begun at the end is included */
    uint64_t vec;           /* address of the regions to fill; 0: report nothing */
    uint64_t vec_len;       /* how many regions there is room for */
    uint32_t max_pages;     /* report at most so many pages; 0: no limit */
    uint32_t flags;         /* WW_V7_PAGEMAP_WP_ENGAGE, or 0 to get only */
    uint64_t required_mask; /* all of these bits, if any are given, */
    uint64_t anyof_mask;    /* at least one of these, if any are given, */
    uint64_t excluded_mask; /* and none of these select a page */
    uint64_t return_mask;   /* bits to report; a page with none of them is passed over */
};

/* Fills `vec` with regions of pages that the masks select, in ascending order.
 * No two that touch have the same bitmap.
 *
 *   vec, no flag     get
 *   vec, WP_ENGAGE   get and clear, in one step
 *   no vec,          clear: every written page of the range is made clean;
 *     WP_ENGAGE        masks, vec_len and max_pages do not matter
 *   neither          checks the arguments, and returns 0
 *
 * Returns how many regions were filled. If that is vec_len, or max_pages pages
 * were reported, there may be more: go on at the end of the last region.
 *
 * Checks, in this order (and -ESRCH, -EACCES before them):
 *   -EINVAL  start is not page aligned; start and len are no range of addresses
 *   -ENOMEM  vec with a vec_len of 0, or no range of addresses
 *   -EINVAL  unknown bits in flags or in a mask
 *   -EINVAL  vec with no selecting mask, or no return_mask
 *   -EINVAL  WP_ENGAGE with FILE, PRESENT or SWAPPED in required_mask or
 *            anyof_mask
 *   -EPERM   WT in required_mask or anyof_mask and a mapping in the range that
 *            is not anonymous, shared memory or hugetlb, registered or not
 *   -EPERM   WP_ENGAGE and memory that is not registered for tracking. (In the
 *            proposal this lies in another patch.)
 * Both -EPERM come before anything is protected or reported; the proposal gave
 * up in the middle.
 *
 * What is better than the proposal, on purpose:
 *   - It read the pages, unlocked them and protected them later: writes between
 *     were lost. Here finding and protecting is one step.
 *   - It protected all pages that it walked over, also those that the masks
 *     rejected: their writes were lost. Here these stay written, and a request
 *     that selects them reports them. With excluded_mask this means: clean is
 *     what was reported, not what was walked over.
 *   - It stored up to vec_len + 1 regions. Here never more than vec_len.
 *   - With `vec` full it went on in the next 2 MiB window: pages between were
 *     skipped, and protected. Here all before the last region's end is answered
 *     and nothing behind it touched.
 *   - A huge page cut by max_pages was protected whole. Here as far as reported.
 *   - Pages that were protected and then dropped or swapped out of shared memory
 *     read as written, for it did not know the markers. Here they are clean.
 *   - Anonymous pages never touched, beside a touched one, read as written for
 *     good. Here they are clean.
 *   - It passed over hugetlb memory. Here get and clear work on it.
 *   - Failing to store (-EFAULT) came after pages were protected. Here before. */
WW_EXPORT ptrdiff_t ww_v7_pagemap_scan(int pid,
                                       const struct ww_v7_pagemap_scan_arg* arg) WW_NOEXCEPT;

/* ---- Today's request -------------------------------------------------------
 *
 * Layout, encodings and meaning of Linux's PAGEMAP_SCAN, see its
 * Documentation/admin-guide/mm/pagemap.rst. */

/* Categories. */
#define WW_PAGE_IS_WPALLOWED UINT64_C(0x1) /* registered for tracking */
#define WW_PAGE_IS_WRITTEN UINT64_C(0x2)   /* not write-protected, see "Written" */
#define WW_PAGE_IS_FILE UINT64_C(0x4)      /* a file's own page, not a private copy */
#define WW_PAGE_IS_PRESENT UINT64_C(0x8)
#define WW_PAGE_IS_SWAPPED UINT64_C(0x10) /* or marked as protected while absent */
#define WW_PAGE_IS_PFNZERO UINT64_C(0x20) /* the zero page: read, never written */
#define WW_PAGE_IS_HUGE UINT64_C(0x40)
/* Later than the request itself: kernels that do not know them fail with -EINVAL. */
#define WW_PAGE_IS_SOFT_DIRTY UINT64_C(0x80) /* never set where it is not configured */
#define WW_PAGE_IS_GUARD UINT64_C(0x100)

/* Flags. */
#define WW_PM_SCAN_WP_MATCHING UINT64_C(1)   /* write-protect what is reported */
#define WW_PM_SCAN_CHECK_WPASYNC UINT64_C(2) /* fail where memory is not registered */

struct ww_page_region {
    uint64_t start;
    uint64_t end;
    uint64_t categories; /* those of return_mask that its pages have */
};

struct ww_pm_scan_arg {
    uint64_t size;     /* sizeof(struct ww_pm_scan_arg) */
    uint64_t flags;    /* WW_PM_SCAN_* */
    uint64_t start;    /* address, page aligned */
    uint64_t end;      /* rounded up to a page */
    uint64_t walk_end; /* out: everything before it is answered */
    uint64_t vec;      /* address of the regions to fill; 0: report nothing */
    uint64_t vec_len;
    uint64_t max_pages;           /* report at most so many pages; 0: no limit */
    uint64_t category_inverted;   /* bits negated before the next two are looked at */
    uint64_t category_mask;       /* all of these must then be set, */
    uint64_t category_anyof_mask; /* and at least one of these, if any are given */
    uint64_t return_mask;
};

/* Fills `vec` with regions of matching pages, in ascending order, merged where
 * they touch and have the same categories.
 *
 *   vec, no flag       get
 *   vec, WP_MATCHING   get and clear, in one step
 *   no vec,            clear: as much as masks and max_pages select
 *     WP_MATCHING
 *   neither            returns 0, after the checks
 *
 * Returns how many regions were filled, and sets walk_end: `end`, rounded up,
 * when the range is through, otherwise the place for the next call to start. On
 * failure walk_end is untouched.
 *   -EINVAL  size; unknown flags or categories; start is not page aligned;
 *            vec_len without vec
 *   -EFAULT  start and end, or vec and vec_len, are no range of addresses
 *   -EPERM   CHECK_WPASYNC and memory that is not registered; before anything is
 *            protected or reported
 *
 * With WP_MATCHING memory that is not registered is passed over, and so are
 * holes in private anonymous memory, whatever the masks say.
 *
 * What is better than in the kernel, on purpose:
 *   - walk_end is right after any number of regions.
 *   - Whether untouched memory is written does not depend on the kernel's
 *     version.
 *   - No failure comes after pages were protected and are not reported.
 *   - Without vec the masks and max_pages hold too. (There the kernel ignores
 *     them, and crashes before a fix of 2025.)
 *   - A hole in hugetlb memory is never protected, for which kernels before
 *     2026 hang; a part of a hugetlb page does not end the scan. */
WW_EXPORT ptrdiff_t ww_pagemap_scan(int pid, struct ww_pm_scan_arg* arg) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
