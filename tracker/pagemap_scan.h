// SPDX-License-Identifier: MIT
// The back end over userfaultfd's asynchronous write-protection and
// PAGEMAP_SCAN. Private anonymous memory is only registered when it is watched,
// never armed ahead of a reset: that would cost page tables for all of it. The
// precise mask tells written pages from those that were never touched; blocks
// known to be armed from end to end are asked with the fast one.
//
// All other memory is armed from end to end when it is watched, and only ever
// asked with the fast mask: a written page of a file may leave the page table,
// as one that was never touched, and the precise mask would lose it.
#pragma once

#include "armed_blocks.h"
#include "backend.h"
#include "kernel/pagemap.h"
#include "kernel/userfaultfd.h"
#include "range.h"

#include <cstddef>
#include <span>

namespace ww {

class StatesOut;

class PagemapScan final : public Backend {
public:
    explicit PagemapScan(Arena& arena) noexcept;
    kernel::Error open() noexcept override;
    void close() noexcept override { this->~PagemapScan(); }
    kernel::Error watch(Watched part) noexcept override;
    kernel::Error arm_ahead(Watched part) noexcept override;
    kernel::Error dropped(Watched part) noexcept override;
    kernel::Error unwatch(Watched part) noexcept override;
    void forget(Range range) noexcept override { armed_.clear(range); }
    std::uint64_t reopened() const noexcept override {
        return userfaultfd_.reopened() + pagemap_.reopened();
    }

    // One ioctl's worth.
    Step collect(Watched rest, bool reset, StepLimits limits,
                 std::span<kernel::Region> scratch) noexcept override;
    Step collect_states(Watched rest, bool reset, StepLimits limits,
                        std::span<kernel::Region> scratch) noexcept override;
    std::uint64_t open_parts(std::span<const Watched> parts, bool unchanged) noexcept override;
    kernel::Error protect(Watched pages) noexcept override;
    void leave_unprotected(std::span<const kernel::Region> pages) noexcept override;

private:
    std::uint64_t look_over(std::span<const Watched> parts, bool unchanged) noexcept;
    // How a piece of memory is asked.
    enum class Asked : bool { precisely, fast };
    struct Piece {
        Range range;
        Asked asked;
    };
    Piece first_piece(Watched rest) const noexcept;
    Step ask(Watched part, bool reset, std::size_t max_pages,
             std::span<kernel::Region> out) noexcept;
    Step ask_changed(Watched watched, bool reset, StepLimits limits,
                     std::span<kernel::Region> scratch) noexcept;
    Step scan(Piece piece, bool reset, std::size_t max_pages,
              std::span<kernel::Region> out) noexcept;
    Step collect_hugetlb(Range rest, bool reset, std::size_t max_pages,
                         std::span<kernel::Region> out) noexcept;
    kernel::Error release_touched(Range part) noexcept;
    Step changed(Watched part, bool reset, std::size_t max_pages,
                 std::span<kernel::Region> scratch) noexcept;
    void make_clean(Watched part, std::span<kernel::Region> scratch) noexcept;
    Step written_and_dropped(Watched rest, bool reset, std::size_t max_pages,
                             std::span<kernel::Region> scratch) noexcept;
    Step look_ahead(Watched rest, std::size_t max_pages, std::span<kernel::Region> out) noexcept;
    Step look_at_both(Watched watched, std::size_t max_pages,
                      std::span<kernel::Region> out) noexcept;
    Step look_twice(Range rest, std::size_t max_pages, std::span<kernel::Region> out) noexcept;
    std::uintptr_t add_dropped(Range empty, bool take, StatesOut& list) noexcept;
    void add_taken(Watched part, std::span<kernel::Region> scratch, Step& step) noexcept;
    std::size_t take_dropped(Watched part, std::span<kernel::Region> out) noexcept;
    Range register_again(Watched rest, std::span<kernel::Region> scratch) noexcept;
    Range register_parts(Watched rest, std::span<kernel::Region> scratch) noexcept;

    kernel::Userfaultfd userfaultfd_;
    kernel::Pagemap pagemap_;
    ArmedBlocks armed_;
};

} // namespace ww
