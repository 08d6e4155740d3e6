// SPDX-License-Identifier: MIT
// Windows' write watches, for the memory manager of a Wine-style layer: it
// tells of reservations, releases and decommits, and asks in NtGetWriteWatch's
// and NtResetWriteWatch's words.
//
// Any thread, any time; nothing waits for a reader, nothing is held while
// caller memory is touched.
#pragma once

#include "page_range.h"
#include "win32.h"

#include <writewatch/writewatch.h>

#include <atomic>

namespace ww::wine {

class WriteWatches {
public:
    // ---- What the memory manager does ----

    // After any successful reserve: whatever was watched there is gone, also
    // where the release did not come this way (another process's, say).
    void reserved(PageRange range) noexcept;

    // After a successful reserve with MEM_WRITE_WATCH. False: not watched, the
    // caller has to serve it in some other way.
    [[nodiscard]] bool watch(PageRange range) noexcept;

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

    // After a successful decommit: new memory lies there now, and is clean.
    void decommitted(const Part& part) noexcept;

    // ---- What programs ask ----

    // Whether the range lies inside one watch. If not, the questions below are
    // somebody else's to answer, or to refuse.
    bool covers(PageRange range) const noexcept;

    // NtGetWriteWatch for a covered range. Outputs are written on success only.
    NTSTATUS query(PageRange range, ULONG flags, void** addresses, ULONG_PTR* count,
                   ULONG* granularity) noexcept;

    // NtResetWriteWatch for a covered range.
    NTSTATUS reset(PageRange range) noexcept;

    // False in a process that has never watched anything: most of them.
    bool any() const noexcept { return tracker() != nullptr; }

private:
    ww_tracker* tracker() const noexcept { return tracker_.load(std::memory_order_acquire); }
    ww_tracker* tracker_for_watching() noexcept;
    PageRange watch_around(PageRange range) const noexcept;

    // Made with the first watch: a process that never watches has no
    // descriptors of ours. Never destroyed; threads run until the very end.
    std::atomic<ww_tracker*> tracker_{nullptr};
};

} // namespace ww::wine
