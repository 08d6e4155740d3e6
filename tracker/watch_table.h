// SPDX-License-Identifier: MIT
// The set of watches. Lookups take no lock and wait for nobody; changes hold
// one lock with signals blocked and wait for no reader.
//
// A watch that ends whole can be retired without the lock: the map still leads
// to it, and the next watch of the same memory takes it back without the lock.
// Programs that allocate and free do little else.
#pragma once

#include "address_map.h"
#include "arena.h"
#include "counters.h"
#include "kernel/change_lock.h"
#include "kernel/result.h"
#include "memory_kind.h"
#include "range.h"
#include "watch.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace ww {

class WatchTable {
public:
    WatchTable(Arena& arena, Counters& counters) noexcept
        : arena_(arena), map_(arena), counters_(counters) {}

    struct Found {
        Watched watched;
        counters::Watch* counts; // nullptr: nowhere
    };
    // The watch that covers the whole range, and where its queries are counted.
    std::optional<Found> look_up(Range range) const noexcept;

    std::optional<Watched> find(Range range) const noexcept {
        const std::optional<Found> found = look_up(range);
        return found ? std::optional{found->watched} : std::nullopt;
    }

    // The first watch that overlaps the range.
    std::optional<Watched> find_first(Range range) const noexcept;

    // exists: a watch overlaps the range. invalid: beyond what can be watched.
    kernel::Error insert(Watched watched) noexcept;

    // Ends this watch; false if it is not there, or not as a whole, any more.
    bool retire(Watched watched) noexcept;

    // Ends the first watch that overlaps the range, as far as it overlaps;
    // what is left of it on both sides goes on as two watches. Gives the part
    // that ended, or not_found.
    kernel::Result<Watched> erase_first(Range range) noexcept {
        return change_first(range, std::nullopt);
    }

    // The same, but the part goes on as a watch with another note. At every
    // moment a lookup finds the one or the other.
    kernel::Result<Watched> annotate_first(Range range, std::uint8_t note) noexcept {
        return change_first(range, note);
    }

    std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    // So many retired watches stay in the map: lookups pass over them.
    static constexpr std::size_t kRetired = 32;

    bool revive(Watched watched) noexcept;
    void bury(Watch* watch) noexcept;
    Watch* claim_first(Range range) noexcept;
    kernel::Result<Watched> change_first(Range range, std::optional<std::uint8_t> note) noexcept;
    void recycle(Watch* watch, bool counted) noexcept;
    Watch* begin(Watched watched) noexcept;
    bool make_watches(std::size_t wanted) noexcept;

    Arena& arena_;
    AddressMap map_;
    Counters& counters_;
    kernel::ChangeLock lock_;
    Watch* free_ = nullptr;
    std::atomic<std::uint64_t> count_{0};
    std::array<std::atomic<Watch*>, kRetired> retired_{}; // the last ones, in turn
    std::atomic<std::size_t> next_retired_{0};
};

} // namespace ww
