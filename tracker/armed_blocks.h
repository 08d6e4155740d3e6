// SPDX-License-Identifier: MIT
// Which blocks of 512 pages are armed from end to end. Such a block can be
// asked with the fast mask, which is three times cheaper where nothing was
// written, but takes a page that was never armed for a written one.
//
// A page is marked when it is reported with reset, which arms it. A wrong mark
// can only report a page too much, once, and the collect that does so arms it;
// it never hides a write. Marks are cleared where the mapping is known to have
// changed.
#pragma once

#include "arena.h"
#include "bits.h"
#include "range.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace ww {

class ArmedBlocks {
public:
    ArmedBlocks(Arena& arena, std::size_t page_bytes) noexcept;

    // Taken before a scan, for mark() after it.
    std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }

    // The items' ranges, in ascending order, were reported with reset by a scan
    // that began in `epoch`. No memory for it, or a change since, means no mark.
    template<class Items, class ToRange>
    void mark(const Items& items, ToRange to_range, std::uint64_t epoch) noexcept;
    void mark(Range pages, std::uint64_t epoch) noexcept {
        mark(std::array{pages}, std::identity{}, epoch);
    }

    // The pages are not, or not known to be, armed any more.
    void clear(Range pages) noexcept;

    // Visits the marked pages of the range, in ascending order, as ranges, until
    // visit(Range) gives false. With `take` what is visited, but for the last
    // then, is marked no more: of two who take a page at once one gets it.
    template<class Visit>
    void visit_marked(Range pages, bool take, Visit visit) noexcept;

    // Whether most of the pages beside marked ones are not marked.
    bool is_sparse(Range range) const noexcept;

    // The first run of armed blocks in the range that is worth a scan of its
    // own: two blocks, or all of the range. Empty if there is none. Of a block
    // that the range only covers in part that part has to be armed.
    Range first_run(Range range) const noexcept;

private:
    static constexpr std::size_t kPagesPerBlock = 512;
    static constexpr std::size_t kWordBits = 64;
    // 48 bits of address in blocks of 2 MiB, or 32 bits. Groups are wide: their
    // memory comes as it is touched. What is large in them, the marks, lies close
    // together wherever the blocks lie: each page of memory that a collect has
    // to touch first costs it a microsecond.
    static constexpr std::size_t kBlocksPerGroup = sizeof(void*) == 8 ? 65536 : 2048;
    static constexpr std::size_t kGroups = sizeof(void*) == 8 ? 2048 : 1;

    struct Block {
        std::array<std::atomic<std::uint64_t>, kPagesPerBlock / kWordBits> pages;
        bool full() const noexcept;
    };
    using Flags = std::array<std::atomic<std::uint64_t>, kBlocksPerGroup / kWordBits>;
    struct Group {
        Flags marked; // blocks with any page marked: nothing else is looked at
        Flags full;   // blocks with every page marked
        std::array<std::atomic<Block*>, kBlocksPerGroup> blocks; // made when marked
    };

    static constexpr std::size_t kWordsPerBlock = kPagesPerBlock / kWordBits;

    Group* group_of(std::size_t block) const noexcept;
    template<class T>
    T* made(std::atomic<T*>& slot) noexcept;
    std::uint64_t look_at_word(std::size_t block, std::size_t word, std::uint64_t mask,
                               bool take) noexcept;
    bool part_is_armed(std::size_t block, Range range) const noexcept;
    bool mark_word(std::size_t word, std::uint64_t mask) noexcept;
    std::size_t find_block(Flags Group::*flags, bool set, std::size_t block,
                           std::size_t end) const noexcept;

    Arena& arena_;
    unsigned page_shift_;
    std::atomic<std::uint64_t> epoch_{0};
    std::array<std::atomic<Group*>, kGroups> groups_{};
};

// Scattered pages come several to a word: one store for all of them.
template<class Items, class ToRange>
void ArmedBlocks::mark(const Items& items, ToRange to_range, std::uint64_t epoch) noexcept {
    Range all;
    std::size_t word = 0;
    std::uint64_t mask = 0;
    bool changed = false;
    for (const auto& item : items) {
        const Range pages = to_range(item);
        all = {all.empty() ? pages.start : all.start, pages.end};
        for_each_bit_run(pages.start >> page_shift_, pages.end >> page_shift_,
                         [&](std::size_t next_word, std::uint64_t next_mask) {
                             if (next_word != word) {
                                 changed |= mark_word(word, mask);
                                 word = next_word;
                                 mask = 0;
                             }
                             mask |= next_mask;
                         });
    }
    changed |= mark_word(word, mask);
    if (changed && epoch_.load() != epoch)
        clear(all);
}

template<class Visit>
void ArmedBlocks::visit_marked(Range pages, bool take, Visit visit) noexcept {
    const std::size_t first = pages.start >> page_shift_;
    const std::size_t end = ((pages.end - 1) >> page_shift_) + 1;
    const std::size_t end_block = (end - 1) / kPagesPerBlock + 1;
    bool more = true;
    for (std::size_t block = first / kPagesPerBlock; more; ++block) {
        block = find_block(&Group::marked, true, block, end_block);
        if (block == end_block)
            return;
        const std::size_t block_page = block * kPagesPerBlock;
        for_each_bit_run(
            std::max(first, block_page) - block_page, std::min(end - block_page, kPagesPerBlock),
            [&](std::size_t word, std::uint64_t mask) {
                std::uint64_t left = more ? look_at_word(block, word, mask, take) : 0;
                while (left != 0 && more) {
                    const auto bit = static_cast<std::size_t>(std::countr_zero(left));
                    const auto count = static_cast<std::size_t>(std::countr_one(left >> bit));
                    const std::size_t page = block_page + word * kWordBits + bit;
                    more = visit(Range{page << page_shift_, (page + count) << page_shift_});
                    if (more)
                        left &= count + bit == kWordBits ? 0 : ~std::uint64_t{0} << (bit + count);
                }
                if (take && left != 0)
                    mark_word(block * kWordsPerBlock + word, left);
            });
    }
}

} // namespace ww
