// SPDX-License-Identifier: MIT
// Windows' rules for write watches: what include/writewatch/wine.h promises.
//
// Any thread, any time; nothing waits for a reader, nothing is held while
// caller memory is touched.
#pragma once

#include "latched_pages.h"
#include "page_range.h"
#include "win32.h"

#include <writewatch/writewatch.h>

#include <atomic>

namespace ww::wine {

class WriteWatches {
public:
    constexpr explicit WriteWatches(LatchedPages& latched) noexcept : latched_(latched) {}

    // ---- What the memory manager does ----

    // After any successful reserve: whatever was watched there is gone, also
    // where the release did not come this way (another process's, say).
    void reserved(PageRange range) noexcept;

    // After a successful reserve with MEM_WRITE_WATCH. If it fails the range is
    // not watched, and the caller has to serve it in some other way.
    NTSTATUS watch(PageRange range) noexcept;

    // What a free asks for: `range`, or from `base` to the end of its watch
    // where `size` is 0. `watch` is the whole watch; empty if it is not ours.
    struct Part {
        PageRange range;
        PageRange watch;
        bool ours() const noexcept { return !watch.empty(); }
    };
    Part part_to_free(const void* base, SIZE_T size) const noexcept;

    // Before a release, as another thread may be given the addresses at once.
    void releasing(const Part& part) noexcept;
    // After a release that failed: the watch lives on, with what was written.
    void release_failed(const Part& part) noexcept;

    // After a successful decommit: new memory lies there now, and is clean but
    // for what is latched.
    void decommitted(const Part& part) noexcept;

    // After a successful change of protection: latches what was written.
    void protection_changed(PageRange range) noexcept;

    // ---- What programs ask ----

    NTSTATUS query(PageRange range, ULONG flags, void** addresses, ULONG_PTR* count,
                   ULONG* granularity) noexcept;
    NTSTATUS reset(PageRange range) noexcept;

    // ---- What the memory manager asks ----

    // Whether the range lies inside one watch. If not, the questions above are
    // somebody else's to answer, or to refuse.
    bool covers(PageRange range) const noexcept { return !watch_around(range).empty(); }

    // Whether a page of the range is watched.
    bool overlaps(PageRange range) const noexcept;

    // False in a process that has never watched anything: most of them.
    bool any() const noexcept { return tracker() != nullptr; }

private:
    ww_tracker* tracker() const noexcept { return tracker_.load(std::memory_order_acquire); }
    int make_tracker() noexcept;
    PageRange watch_around(PageRange range) const noexcept;

    LatchedPages& latched_;
    // Made with the first watch: a process that never watches has no
    // descriptors of ours. Never destroyed; threads run until the very end.
    std::atomic<ww_tracker*> tracker_{nullptr};
};

} // namespace ww::wine
