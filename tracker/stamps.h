// SPDX-License-Identifier: MIT
// For each page of a range the number of the generation in which it was last
// found written. Summaries hold the newest number of 512 pages, and of 512
// times 512: memory that nobody wrote costs next to nothing, neither to hold nor
// to search. Numbers only grow, so a summary is always exact.
#pragma once

#include "kernel/handles.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ww {

class Stamps {
public:
    Stamps() noexcept = default;
    static kernel::Result<Stamps> create(std::size_t page_count) noexcept;

    // Pages [first, end) were written in `generation`, which is not older than
    // any before. One thread at a time.
    void stamp(std::size_t first, std::size_t end, std::uint64_t generation) noexcept;

    // The first page of [page, end) that is newer than `mark`; `end` if none.
    std::size_t first_newer(std::size_t page, std::size_t end, std::uint64_t mark) const noexcept;
    // The first that is not.
    std::size_t first_not_newer(std::size_t page, std::size_t end,
                                std::uint64_t mark) const noexcept;

private:
    static constexpr unsigned kLevels = 3;
    static constexpr unsigned kLevelBits = 9;

    using Stamp = std::atomic<std::uint64_t>;
    static constexpr std::size_t place(std::size_t page, unsigned level) noexcept {
        return page >> level * kLevelBits;
    }
    std::uint64_t newest(std::size_t page, unsigned level) const noexcept {
        return levels_[level][place(page, level)].load(std::memory_order_relaxed);
    }

    kernel::Mapping memory_;
    Stamp* levels_[kLevels] = {}; // in the memory; 0 are the pages' own
};

} // namespace ww
