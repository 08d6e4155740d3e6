// SPDX-License-Identifier: MIT
// Checkpoints of watched memory: the history of its pages, fed by collects.
#pragma once

#include "hot_pages.h"
#include "kernel/handles.h"
#include "page_history.h"
#include "range.h"
#include "tracker.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace ww {

class Snapshots {
public:
    struct Stats {
        std::uint64_t checkpoints, oldest, newest, bytes_kept, last_pages, last_ns,
            dropped_for_room;
        struct Takes {
            std::uint64_t count, ns, compared, copied, faults_avoided;
        } takes;
    };

    // In memory of its own, so that no allocator of the host is called.
    static kernel::Result<Snapshots*> create(Tracker& tracker, std::size_t checkpoint_limit,
                                             std::size_t bytes_limit) noexcept;
    static void destroy(Snapshots* snapshots) noexcept;

    bool in_child() const noexcept { return tracker_.in_child(); }

    kernel::Error add(Range range) noexcept;
    kernel::Result<std::uint64_t> take() noexcept;
    kernel::Error restore(std::uint64_t checkpoint) noexcept;
    kernel::Error drop(std::uint64_t checkpoint) noexcept;
    Stats stats() noexcept;

private:
    // A range that was added, whose pages are numbered one after the other.
    struct Part {
        Range range;
        std::uint32_t first_page;
        HotPages* hot; // which pages it is not worth arming
    };
    class Changes;
    class Differences;

    explicit Snapshots(Tracker& tracker) noexcept : tracker_(tracker) {}
    std::span<const Part> parts() const noexcept {
        return {static_cast<const Part*>(parts_.data()), part_count_};
    }
    std::uintptr_t address_of(std::uint32_t page) const noexcept;
    kernel::Error clean(const Part& part) noexcept;
    kernel::Error begin(const Part& part) noexcept;
    kernel::Error copy_first_contents(const Part& part) noexcept;
    kernel::Error take_changes(const Part& part) noexcept;
    bool make_room() noexcept;
    bool write_back(std::uintptr_t page, const void* contents) noexcept;

    Tracker& tracker_;
    std::mutex mutex_;
    PageHistory history_;
    kernel::Mapping parts_;
    std::size_t part_count_ = 0;
    std::uint64_t last_pages_ = 0;
    std::uint64_t last_ns_ = 0;
    std::uint64_t dropped_for_room_ = 0;
    Stats::Takes takes_{};
};

} // namespace ww
