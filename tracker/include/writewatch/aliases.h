/* SPDX-License-Identifier: MIT
 *
 * writewatch: one piece of shared memory that is mapped at several addresses,
 * such as the mirrors of an emulator's RAM. Each mapping is a view; views are
 * watched as a group. A page that is written through any of them is reported
 * once, by its offset in the object or by its address in any view that is asked
 * for.
 *
 *     ww_aliases_add(a, ram, ram_bytes);
 *     ww_aliases_add(a, mirror, mirror_bytes);
 *     ...
 *     ww_aliases_advance(a, 0, ram_bytes, &now);
 *     ww_aliases_ranges_since(a, 0, ram_bytes, mark, ranges, capacity, &resume);
 *     ... again from `resume`, until everything is answered ...
 *     mark = now;
 *
 * As in generations.h, of which the whole contract holds: advancing takes what
 * was written and remembers it in the group, questions change nothing, and each
 * of any number of readers keeps a mark. Moving the mark on is the reset.
 *
 * What differs:
 *
 * Object    Whatever can be mapped shared and watched: memfd, tmpfs, anonymous
 *           shared memory, files of a file system that allows it. Views may
 *           show different parts of it, and overlap. Offsets and sizes are
 *           bytes, page aligned.
 * Seen      What is written through the views, by stores or by the kernel on
 *           behalf of the process. Not seen: mappings that were not added,
 *           other processes, and writes to the file itself, as by pwrite(2).
 * Threads   Adding, removing and advancing take the lock of the group, and so do
 *           questions by address, while they look for the view: they wait for an
 *           advance that is running. Questions by offset take none.
 * Signals   Therefore questions by address do not belong into a signal handler,
 *           no more than advancing does: it may have stopped who holds the lock.
 * Watch     The group watches its views; they are not to be watched before. Let
 *           it end the watches, too, by ww_aliases_remove() or _forget(). A view
 *           whose watch ended otherwise makes advancing fail with -ENOENT.
 * Costs     Those of a watch of shared memory for each view, and 8 bytes for
 *           each page of the object, of memory that comes as pages are written.
 *           Advancing asks each view that shows something of the range.
 */
#ifndef WRITEWATCH_ALIASES_H
#define WRITEWATCH_ALIASES_H

#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque. */
typedef struct ww_aliases ww_aliases;

/* Makes a group without views, for an object of which [0, object_bytes) may be
 * mapped.
 *   -ENOMEM  no memory for the marks of its pages */
WW_EXPORT int ww_aliases_create(ww_tracker *tracker, size_t object_bytes,
                                ww_aliases **aliases) WW_NOEXCEPT;

/* Removes all views and frees the group. To be called before the tracker is
 * destroyed, with no other call running on the same object. NULL is accepted. */
WW_EXPORT void ww_aliases_destroy(ww_aliases *aliases) WW_NOEXCEPT;

/* Watches [base, base + bytes) as a view. Which object it shows, and from which
 * offset on, is looked up; the first view says which object the group is of.
 * Pages start clean. On failure nothing has changed:
 *   -EXDEV       the range shows another object than the group is of
 *   -EOPNOTSUPP  it is not a shared mapping, or of hugetlb memory
 *   -EINVAL      it shows parts of the object that do not follow each other:
 *                each needs a view of its own
 *   -ERANGE      it shows more than the group was made for
 *   -EEXIST, -EBUSY  a part is watched already
 *   others       as ww_watch() */
WW_EXPORT int ww_aliases_add(ww_aliases *aliases, void *base, size_t bytes) WW_NOEXCEPT;

/* Ends a view, given as it was added. What was written through it before is
 * taken first, and stays in the group.
 *   -ENOENT  there is no such view
 * After another failure the view is still there. */
WW_EXPORT int ww_aliases_remove(ww_aliases *aliases, void *base, size_t bytes) WW_NOEXCEPT;

/* The same for a view that is about to be unmapped: cheaper, see ww_forget(). */
WW_EXPORT int ww_aliases_forget(ww_aliases *aliases, void *base, size_t bytes) WW_NOEXCEPT;

/* Takes what was written until now to [offset, offset + bytes) of the object,
 * through all views, and stores in `*mark` what its reader keeps for the next
 * time.
 *   -ENOENT  beyond the object, or a view whose watch has ended
 * After a failure in the middle `*mark` is untouched; what had been taken is
 * remembered like the rest. */
WW_EXPORT int ww_aliases_advance(ww_aliases *aliases, size_t offset, size_t bytes,
                                 uint64_t *mark) WW_NOEXCEPT;

/* A part of the object. */
typedef struct ww_object_range {
    size_t offset;
    size_t bytes;
} ww_object_range;

/* Report the pages of [offset, offset + bytes) of the object that were written
 * since `mark`, as far as they have been advanced over. Order, capacity and
 * resume, an offset here, are those of the functions of writewatch.h. */
WW_EXPORT ptrdiff_t ww_aliases_ranges_since(const ww_aliases *aliases, size_t offset,
                                            size_t bytes, uint64_t mark,
                                            ww_object_range *ranges, size_t range_capacity,
                                            size_t *resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_aliases_bitmap_since(const ww_aliases *aliases, size_t offset,
                                            size_t bytes, uint64_t mark, uint64_t *words,
                                            size_t word_count, size_t *resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_aliases_count_since(const ww_aliases *aliases, size_t offset,
                                           size_t bytes, uint64_t mark, size_t page_limit,
                                           size_t *resume) WW_NOEXCEPT;

/* The same by address: for [base, base + bytes), a view or a part of one.
 *   -ENOENT  the range is not inside one view */
WW_EXPORT ptrdiff_t ww_aliases_view_pages_since(const ww_aliases *aliases, const void *base,
                                                size_t bytes, uint64_t mark, void **pages,
                                                size_t page_capacity, void **resume) WW_NOEXCEPT;
WW_EXPORT ptrdiff_t ww_aliases_view_ranges_since(const ww_aliases *aliases, const void *base,
                                                 size_t bytes, uint64_t mark, ww_range *ranges,
                                                 size_t range_capacity,
                                                 void **resume) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
