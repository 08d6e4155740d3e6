// SPDX-License-Identifier: MIT
// Ranges whose pages one object resets for all who ask (generations, hot pages,
// aliases, snapshots): a reset by anybody else would steal from its readers. Looking takes
// no lock.
#pragma once

#include "arena.h"
#include "kernel/change_lock.h"
#include "kernel/result.h"
#include "range.h"

#include <atomic>
#include <cstdint>

namespace ww {

// One claim. Never freed, as readers may stand at it, and used again for other
// ranges. The turn is odd while it is claimed.
class Claim {
public:
    bool live() const noexcept { return live(turn_.load(std::memory_order_relaxed)); }
    // Empty if it is not claimed, or was not for as long as it was looked at.
    Range look() const noexcept {
        const std::uint32_t before = turn_.load(std::memory_order_acquire);
        const Range range{start_.load(std::memory_order_acquire),
                          end_.load(std::memory_order_acquire)};
        const bool same = turn_.load(std::memory_order_relaxed) == before;
        return same && live(before) ? range : Range{};
    }

    // The rest is for the holder of the lock. Released, so that who sees a
    // new end of the range sees that the old claim ended.
    void begin(Range range) noexcept {
        start_.store(range.start, std::memory_order_release);
        end_.store(range.end, std::memory_order_release);
        turn_.fetch_add(1, std::memory_order_release);
    }
    void end() noexcept { turn_.fetch_add(1, std::memory_order_release); }

    Claim* next = nullptr;

private:
    static constexpr bool live(std::uint32_t turn) noexcept { return turn % 2 == 1; }

    std::atomic<std::uint32_t> turn_{0};
    std::atomic<std::uintptr_t> start_{0};
    std::atomic<std::uintptr_t> end_{0};
};

class Claims {
public:
    explicit Claims(Arena& arena) noexcept : arena_(arena) {}

    // busy: a part of the range is claimed already.
    kernel::Error add(Range range) noexcept;
    // Of a range as it was added.
    void remove(Range range) noexcept;

    bool meet(Range range) const noexcept {
        return count_.load(std::memory_order_relaxed) != 0 && find(range) != nullptr;
    }

private:
    Claim* find(Range range) const noexcept;
    Claim* unused() noexcept;

    Arena& arena_;
    kernel::ChangeLock lock_;
    std::atomic<Claim*> first_{nullptr};
    std::atomic<std::uint32_t> count_{0};
};

} // namespace ww
