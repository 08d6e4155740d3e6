// SPDX-License-Identifier: MIT
// Checkpoints of watched memory: the history of its pages, fed by collects.
#pragma once

#include "aliases.h"
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

    const Tracker& tracker() const noexcept { return tracker_; }

    kernel::Error add(Range range) noexcept;
    kernel::Error add(Range range, Aliases& aliases) noexcept;
    kernel::Result<std::uint64_t> take() noexcept;
    kernel::Error restore(std::uint64_t checkpoint) noexcept;
    kernel::Error drop(std::uint64_t checkpoint) noexcept;
    Stats stats() noexcept;

private:
    // A range that was added, whose pages are numbered one after the other.
    // Either its own watch is collected, or a group of aliases is read.
    struct Part {
        Range range;
        std::uint32_t first_page;
        HotPages* hot = nullptr; // which pages it is not worth arming
        Aliases* aliases = nullptr;
        std::uint64_t mark = 0; // what the group had until here is known
    };
    class Changes;
    class Differences;

    explicit Snapshots(Tracker& tracker) noexcept : tracker_(tracker) {}
    std::span<Part> parts() const noexcept {
        return {static_cast<Part*>(parts_.data()), part_count_};
    }
    std::uintptr_t address_of(std::uint32_t page) const noexcept;
    bool has(Range range) const noexcept;
    std::uint32_t next_page() const noexcept {
        return static_cast<std::uint32_t>(history_.page_count());
    }
    kernel::Error clean(Part& part) noexcept;
    kernel::Error begin(Part part) noexcept;
    kernel::Error copy_first_contents(const Part& part) noexcept;
    kernel::Error take_changes(Part& part) noexcept;
    void count(const Changes& changes) noexcept;
    kernel::Error undo_changes(const Part& part, std::size_t& written) noexcept;
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
