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
    // Never freed, as readers may stand at it. Free while `end` is 0; `start` is
    // stored in front of it, so that no reader sees more than is claimed.
    struct Claim {
        std::atomic<std::uintptr_t> start{0};
        std::atomic<std::uintptr_t> end{0};
        Claim* next = nullptr;

        Range range() const noexcept {
            const std::uintptr_t last = end.load(std::memory_order_acquire);
            return {start.load(std::memory_order_relaxed), last};
        }
    };

    Claim* find(Range range) const noexcept;
    Claim* unused() noexcept;

    Arena& arena_;
    kernel::ChangeLock lock_;
    std::atomic<Claim*> first_{nullptr};
    std::atomic<std::uint32_t> count_{0};
};

} // namespace ww
