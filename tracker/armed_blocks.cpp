// SPDX-License-Identifier: MIT
#include "armed_blocks.h"

#include <algorithm>
#include <bit>

namespace ww {

namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

} // namespace

ArmedBlocks::ArmedBlocks(Arena& arena, std::size_t page_bytes) noexcept
    : arena_(arena), page_shift_(static_cast<unsigned>(std::countr_zero(page_bytes))) {}

bool ArmedBlocks::Block::full() const noexcept {
    return std::ranges::all_of(pages, [](const auto& word) { return word.load() == kAll; });
}

ArmedBlocks::Group* ArmedBlocks::group_of(std::size_t block) const noexcept {
    const std::size_t place = block / kBlocksPerGroup;
    return place < kGroups ? groups_[place].load(std::memory_order_acquire) : nullptr;
}

// Of two made at once one is left unused.
template<class T>
T* ArmedBlocks::made(std::atomic<T*>& slot) noexcept {
    T* there = slot.load(std::memory_order_acquire);
    if (there != nullptr)
        return there;
    auto* made = static_cast<T*>(arena_.allocate(sizeof(T)));
    if (made == nullptr)
        return nullptr;
    return slot.compare_exchange_strong(there, made) ? made : there;
}

// Whether any mark is new.
bool ArmedBlocks::mark_word(std::size_t word_of_all, std::uint64_t mask) noexcept {
    if (mask == 0)
        return false;
    const std::size_t block = word_of_all / kWordsPerBlock;
    const std::size_t word = word_of_all % kWordsPerBlock;
    if (block / kBlocksPerGroup >= kGroups)
        return false;
    Group* group = made(groups_[block / kBlocksPerGroup]);
    const std::size_t place = block % kBlocksPerGroup;
    Block* marks = group != nullptr ? made(group->blocks[place]) : nullptr;
    if (marks == nullptr)
        return false;
    Block& armed = *marks;
    if ((armed.pages[word].load(std::memory_order_relaxed) & mask) == mask)
        return false;
    const std::uint64_t flag = std::uint64_t{1} << place % kWordBits;
    if (std::atomic<std::uint64_t>& marked = group->marked[place / kWordBits];
        (marked.load(std::memory_order_relaxed) & flag) == 0)
        marked.fetch_or(flag);
    armed.pages[word].fetch_or(mask);
    if (!armed.full())
        return true;
    std::atomic<std::uint64_t>& flags = group->full[place / kWordBits];
    flags.fetch_or(flag);
    // Who takes marks beside us takes pages first and flags behind them: either it
    // clears our flag, or we see the pages that it took. (Of a clear() the epoch
    // tells, too.)
    if (!armed.full())
        flags.fetch_and(~flag);
    return true;
}

void ArmedBlocks::clear(Range pages) noexcept {
    epoch_.fetch_add(1);
    const std::size_t first = pages.start >> page_shift_;
    const std::size_t end = pages.end >> page_shift_;
    const std::size_t end_block = (end - 1) / kPagesPerBlock + 1;
    for (std::size_t block = first / kPagesPerBlock;; ++block) {
        block = find_block(&Group::marked, true, block, end_block);
        if (block == end_block)
            return;
        const std::size_t place = block % kBlocksPerGroup;
        const std::size_t block_page = block * kPagesPerBlock;
        Group& group = *group_of(block);
        Block& marks = *group.blocks[place].load();
        for_each_bit_run(
            std::max(first, block_page) - block_page, std::min(end - block_page, kPagesPerBlock),
            [&](std::size_t word, std::uint64_t mask) { marks.pages[word].fetch_and(~mask); });
        group.full[place / kWordBits].fetch_and(~(std::uint64_t{1} << place % kWordBits));
    }
}

// The marks of a block that is flagged as having some.
std::uint64_t ArmedBlocks::look_at_word(std::size_t block, std::size_t word, std::uint64_t mask,
                                        bool take) noexcept {
    const std::size_t place = block % kBlocksPerGroup;
    Group& group = *group_of(block);
    std::atomic<std::uint64_t>& marks = group.blocks[place].load()->pages[word];
    if (!take || (marks.load() & mask) == 0)
        return marks.load() & mask;
    const std::uint64_t taken = marks.fetch_and(~mask) & mask;
    group.full[place / kWordBits].fetch_and(~(std::uint64_t{1} << place % kWordBits));
    return taken;
}

// The first block of [block, end) that has the flag, or has it not; `end` if
// none. Where there is no group there are no flags.
std::size_t ArmedBlocks::find_block(Flags Group::*flags, bool set, std::size_t block,
                                    std::size_t end) const noexcept {
    while (block < end) {
        const Group* group = group_of(block);
        if (group == nullptr) {
            if (!set)
                return block;
            block = std::min(end, (block | (kBlocksPerGroup - 1)) + 1);
            continue;
        }
        const std::size_t place = block % kBlocksPerGroup;
        const std::uint64_t word = (group->*flags)[place / kWordBits].load();
        const std::uint64_t left = (set ? word : ~word) >> place % kWordBits;
        if (left != 0)
            return std::min(end, block + static_cast<std::size_t>(std::countr_zero(left)));
        block = (block | (kWordBits - 1)) + 1;
    }
    return end;
}

// Whether all pages of the block that lie in the range are marked.
bool ArmedBlocks::part_is_armed(std::size_t block, Range range) const noexcept {
    const Group* group = group_of(block);
    const Block* marks = group != nullptr ? group->blocks[block % kBlocksPerGroup].load() : nullptr;
    if (marks == nullptr)
        return false;
    const std::size_t block_page = block * kPagesPerBlock;
    const std::size_t first = std::max(range.start >> page_shift_, block_page) - block_page;
    const std::size_t last = ((range.end - 1) >> page_shift_) - block_page;
    bool armed = true;
    for_each_bit_run(first, std::min(last + 1, kPagesPerBlock),
                     [&](std::size_t word, std::uint64_t mask) {
                         armed = armed && (marks->pages[word].load() & mask) == mask;
                     });
    return armed;
}

bool ArmedBlocks::is_sparse(Range range) const noexcept {
    const std::size_t end = ((range.end - 1) >> page_shift_) / kPagesPerBlock + 1;
    std::size_t blocks = 0;
    std::size_t pages = 0;
    for (std::size_t block = (range.start >> page_shift_) / kPagesPerBlock;; ++block) {
        block = find_block(&Group::marked, true, block, end);
        if (block == end)
            return pages < blocks * kPagesPerBlock / 2 || blocks == 0;
        ++blocks;
        for (const auto& word : group_of(block)->blocks[block % kBlocksPerGroup].load()->pages)
            pages += static_cast<std::size_t>(std::popcount(word.load()));
    }
}

Range ArmedBlocks::first_run(Range range) const noexcept {
    const unsigned shift = page_shift_ + static_cast<unsigned>(std::countr_zero(kPagesPerBlock));
    const std::size_t begin = range.start >> shift;
    const std::size_t last = (range.end - 1) >> shift;
    const bool first_armed = part_is_armed(begin, range);
    const bool last_armed = last == begin ? first_armed : part_is_armed(last, range);
    const auto next = [&](bool armed, std::size_t block) {
        if (block == begin) {
            if (first_armed == armed)
                return block;
            ++block;
        }
        if (block < last)
            block = find_block(&Group::full, armed, block, last);
        return block < last || last_armed == armed ? block : last + 1;
    };
    for (std::size_t stop = begin; stop <= last;) {
        const std::size_t first = next(true, stop);
        if (first > last)
            break;
        stop = next(false, first);
        // The end of the last block may be that of the address space.
        const Range run{std::max(range.start, first << shift),
                        stop > last ? range.end : stop << shift};
        if (stop - first >= 2 || run == range)
            return run;
    }
    return {};
}

} // namespace ww
