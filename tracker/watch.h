// SPDX-License-Identifier: MIT
// One watch, as readers without a lock see it. Watches live in memory that is
// reused for other watches and never unmapped, so a reader may hold a pointer
// to one for any time; the sequence number tells whether what it read was one
// watch, and in what state.
#pragma once

#include "memory_kind.h"
#include "range.h"

#include <atomic>
#include <cstdint>
#include <optional>

namespace ww {

namespace counters {
struct Watch;
}

class Watch {
public:
    // What a reader saw at one moment.
    struct View {
        Watched watched;
        std::uint32_t sequence;
        bool whole; // else the watch changed while it was read: nothing is known
        bool live() const noexcept { return whole && Watch::live(state_of(sequence)); }
    };
    View look() const noexcept {
        const std::uint32_t before = sequence_.load(std::memory_order_acquire);
        Watched watched{
            {start_.load(std::memory_order_acquire), end_.load(std::memory_order_acquire)}};
        const std::uint16_t traits = traits_.load(std::memory_order_acquire);
        watched.kind = static_cast<MemoryKind>(traits & 0xff);
        watched.note = static_cast<std::uint8_t>(traits >> 8);
        return {watched, before, sequence_.load(std::memory_order_relaxed) == before};
    }
    bool is_still(const View& seen) const noexcept {
        return sequence_.load(std::memory_order_acquire) == seen.sequence;
    }

    // Where its queries are counted; nullptr if nowhere.
    counters::Watch* counts() const noexcept { return counts_.load(std::memory_order_relaxed); }

    // Any thread, on what it saw: a watch that ends may stay where it is, for
    // the next watch of the same memory to take it back. False if it is not as
    // it was seen any more.
    bool retire(const View& seen) noexcept { return change(seen, State::live, State::retired); }
    bool revive(const View& seen) noexcept { return change(seen, State::retired, State::live); }

    // The rest is for the holder of the change lock.

    // Now nobody else can end it. It covers what it did.
    bool claim(const View& seen) noexcept { return change(seen, State::live, State::claimed); }
    // Now nobody can take it back.
    bool bury(const View& seen) noexcept { return change(seen, State::retired, State::unused); }

    void unclaim() noexcept { become(State::live); }
    void end_claimed() noexcept { become(State::unused); }

    void count_in(counters::Watch* counts) noexcept {
        counts_.store(counts, std::memory_order_relaxed);
    }

    // On a watch that no address leads to. The extent is released too: who sees
    // a new one sees that the watch ended.
    void begin(Watched watched) noexcept {
        start_.store(watched.range.start, std::memory_order_release);
        end_.store(watched.range.end, std::memory_order_release);
        traits_.store(traits_of(watched), std::memory_order_release);
        become(State::live);
    }

    Watch* next_free = nullptr; // for the holder of the change lock

private:
    enum class State : std::uint32_t { unused, live, claimed, retired };
    static constexpr std::uint32_t kStates = 4; // the sequence counts in these

    static constexpr State state_of(std::uint32_t sequence) noexcept {
        return State{sequence % kStates};
    }
    static constexpr bool live(State state) noexcept {
        return state == State::live || state == State::claimed;
    }
    static constexpr std::uint32_t next(std::uint32_t sequence, State state) noexcept {
        return (sequence / kStates + 1) * kStates + static_cast<std::uint32_t>(state);
    }

    static constexpr std::uint16_t traits_of(Watched watched) noexcept {
        return static_cast<std::uint16_t>(watched.note << 8 | static_cast<int>(watched.kind));
    }

    bool change(const View& seen, State from, State to) noexcept {
        std::uint32_t expected = seen.sequence;
        return seen.whole && state_of(expected) == from &&
               sequence_.compare_exchange_strong(expected, next(expected, to),
                                                 std::memory_order_acq_rel);
    }
    void become(State state) noexcept {
        sequence_.store(next(sequence_.load(std::memory_order_relaxed), state),
                        std::memory_order_release);
    }

    std::atomic<std::uintptr_t> start_{0};
    std::atomic<std::uintptr_t> end_{0};
    std::atomic<std::uint16_t> traits_{0}; // kind, and the note above it
    std::atomic<std::uint32_t> sequence_{0};
    std::atomic<counters::Watch*> counts_{nullptr};
};

} // namespace ww
