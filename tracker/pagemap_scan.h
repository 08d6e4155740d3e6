// SPDX-License-Identifier: MIT
// The back end over userfaultfd's asynchronous write-protection and
// PAGEMAP_SCAN. Memory is only registered when it is watched, never armed ahead
// of a reset: that would cost page tables for all of it. The precise mask tells
// written pages from those that were never touched; blocks known to be armed
// from end to end are asked with the fast one.
#pragma once

#include "armed_blocks.h"
#include "kernel/pagemap.h"
#include "kernel/userfaultfd.h"
#include "range.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ww {

// What one bounded step of a collect found, in ascending order.
struct Step {
    std::span<const kernel::Region> written;
    std::size_t pages = 0;
    std::uintptr_t resume = 0; // all before this address is answered
    kernel::Error error;       // then nothing was found, and nothing reset
};

struct StepLimits {
    std::size_t regions;
    std::size_t pages;
};

class PagemapScan {
public:
    explicit PagemapScan(Arena& arena) noexcept;
    kernel::Error open() noexcept;

    // Private anonymous memory. From now on writes to pages that were never
    // touched count.
    kernel::Error watch(Range range) noexcept;
    kernel::Error unwatch(Range range) noexcept;
    // The range is not mapped any more, or not for long.
    void forget(Range range) noexcept { armed_.clear(range); }

    // One ioctl's worth of the front of `rest`, which is watched; `scratch` holds
    // the answer. With `reset` the pages found start clean again.
    Step collect(Range rest, bool reset, StepLimits limits,
                 std::span<kernel::Region> scratch) noexcept;

    std::uint64_t repairs() const noexcept { return repairs_.load(std::memory_order_relaxed); }

private:
    // How a piece of memory is asked.
    enum class Asked : bool { precisely, fast };
    struct Piece {
        Range range;
        Asked asked;
    };
    Piece first_piece(Range rest) const noexcept;
    Step scan(Piece piece, bool reset, std::size_t max_pages,
              std::span<kernel::Region> out) noexcept;
    Range register_again(Range rest, std::span<kernel::Region> scratch) noexcept;
    Step all_that_is_present(Range part, std::size_t max_pages,
                             std::span<kernel::Region> out) noexcept;

    kernel::Userfaultfd userfaultfd_;
    kernel::Pagemap pagemap_;
    ArmedBlocks armed_;
    std::atomic<std::uint64_t> repairs_{0};
};

} // namespace ww
