// SPDX-License-Identifier: MIT
// Several mappings of one shared object, watched together: generations whose
// pages are those of the object, found written through any of its views.
#pragma once

#include "arena.h"
#include "generations.h"
#include "kernel/change_lock.h"
#include "kernel/mapped_object.h"
#include "range.h"
#include "stamps.h"
#include "tracker.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ww {

class Aliases {
public:
    // In memory of its own.
    static kernel::Result<Aliases*> create(Tracker& tracker, std::size_t object_bytes) noexcept;
    static void destroy(Aliases* aliases) noexcept;

    const Tracker& tracker() const noexcept { return tracker_; }
    // Of the object: offsets are ranges that begin at 0.
    bool cover(Range offsets) const noexcept { return object_.contains(offsets); }

    kernel::Error add(Range view) noexcept;
    enum class Memory : bool { stays, goes };
    kernel::Error remove(Range view, Memory memory) noexcept;

    kernel::Result<std::uint64_t> advance(Range offsets) noexcept;
    // What a view, or a part of one, shows.
    kernel::Result<std::uint64_t> advance_shown(Range range) noexcept;

    // The offsets are covered.
    template<class Answer>
    Collected collect_since(Range offsets, std::uint64_t mark, Answer& answer) const noexcept {
        return ww::collect_since(stamps_, 0, offsets, mark, answer);
    }
    // By address.
    template<class Answer>
    Collected collect_view_since(Range range, std::uint64_t mark, Answer& answer) const noexcept {
        const std::optional<std::uintptr_t> origin = origin_of_view(range);
        if (!origin)
            return {range.start, kernel::Error::not_found};
        return ww::collect_since(stamps_, *origin, range, mark, answer);
    }

private:
    struct View {
        Range range;
        // Where offset 0 would be. Possibly below address 0: only differences
        // are made of it.
        std::uintptr_t origin = 0;
        View* next = nullptr;

        Range showing(Range offsets) const noexcept {
            const Range shown{range.start - origin, range.end - origin};
            const Range common = intersection(shown, offsets);
            return {common.start + origin, common.end + origin};
        }
    };

    Aliases(Tracker& tracker, std::size_t object_bytes, Stamps stamps) noexcept
        : tracker_(tracker), object_{0, object_bytes}, stamps_(std::move(stamps)) {}

    kernel::Result<std::size_t> offset_in_object(Range view) const noexcept;
    kernel::Error watch(Range view) noexcept;
    kernel::Error take(const View& view, Range part) noexcept;
    kernel::Error end_watch(Range view, Memory memory) noexcept;
    View* make_view() noexcept;
    std::optional<std::uintptr_t> origin_of_view(Range range) const noexcept;

    Tracker& tracker_;
    Range object_;
    Stamps stamps_;
    Arena arena_; // of views

    mutable kernel::ChangeLock lock_; // of all that follows
    std::uint64_t current_ = 0;
    std::optional<kernel::MappedObject> identity_; // its offset counts for nothing
    View* views_ = nullptr;
    View* unused_ = nullptr;
};

} // namespace ww
