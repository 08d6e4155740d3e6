// SPDX-License-Identifier: MIT
// One watch, as readers without a lock see it. Watches live in memory that is
// reused for other watches and never unmapped, so a reader may hold a pointer
// to one for any time; the sequence number tells whether what it read was one
// watch.
#pragma once

#include "memory_kind.h"
#include "range.h"

#include <atomic>
#include <cstdint>
#include <optional>

namespace ww {

class Watch {
public:
    // What the watch covers; nothing if it ended, or changed while it was read.
    std::optional<Watched> covers() const noexcept {
        const std::uint32_t before = sequence_.load(std::memory_order_acquire);
        const Watched watched{{start_.load(std::memory_order_acquire),
                               end_.load(std::memory_order_acquire)},
                              kind_.load(std::memory_order_acquire)};
        const bool live = (before & 1) == 1 && sequence_.load(std::memory_order_relaxed) == before;
        return live ? std::optional{watched} : std::nullopt;
    }

    // For the holder of the change lock, on a watch that no address leads to.
    // The extent is released too: who sees a new one sees that the watch ended.
    void begin(Watched watched) noexcept {
        start_.store(watched.range.start, std::memory_order_release);
        end_.store(watched.range.end, std::memory_order_release);
        kind_.store(watched.kind, std::memory_order_release);
        sequence_.fetch_add(1, std::memory_order_release);
    }
    void end() noexcept { sequence_.fetch_add(1, std::memory_order_release); }

    Watch* next_free = nullptr; // for the holder of the change lock

private:
    std::atomic<std::uintptr_t> start_{0};
    std::atomic<std::uintptr_t> end_{0};
    std::atomic<MemoryKind> kind_{MemoryKind::anonymous};
    std::atomic<std::uint32_t> sequence_{0}; // odd while the watch lives
};

} // namespace ww
