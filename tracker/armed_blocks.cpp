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

ArmedBlocks::Group* ArmedBlocks::make_group_of(std::size_t block) noexcept {
    Group* group = group_of(block);
    if (group != nullptr || block / kBlocksPerGroup >= kGroups)
        return group;
    // Of two made at once one is left unused: address space, not memory.
    auto* made = static_cast<Group*>(arena_.allocate(sizeof(Group)));
    if (made == nullptr)
        return nullptr;
    const bool first = groups_[block / kBlocksPerGroup].compare_exchange_strong(group, made);
    return first ? made : group;
}

// Whether any mark is new.
bool ArmedBlocks::mark_word(std::size_t word_of_all, std::uint64_t mask) noexcept {
    if (mask == 0)
        return false;
    const std::size_t block = word_of_all / kWordsPerBlock;
    const std::size_t word = word_of_all % kWordsPerBlock;
    Group* group = make_group_of(block);
    if (group == nullptr)
        return false;
    const std::size_t place = block % kBlocksPerGroup;
    Block& armed = group->blocks[place];
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
    // A clear() beside us clears pages first and flags behind them: either it
    // clears our flag, or we see the pages that it cleared.
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
        for_each_bit_run(std::max(first, block_page) - block_page,
                         std::min(end - block_page, kPagesPerBlock),
                         [&](std::size_t word, std::uint64_t mask) {
                             group.blocks[place].pages[word].fetch_and(~mask);
                         });
        group.full[place / kWordBits].fetch_and(~(std::uint64_t{1} << place % kWordBits));
    }
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

Range ArmedBlocks::first_run(Range range) const noexcept {
    const unsigned shift = page_shift_ + static_cast<unsigned>(std::countr_zero(kPagesPerBlock));
    const std::size_t end = ((range.end - 1) >> shift) + 1;
    for (std::size_t stop = range.start >> shift; stop < end;) {
        const std::size_t first = find_block(&Group::full, true, stop, end);
        stop = find_block(&Group::full, false, first, end);
        // The end of the last block may be that of the address space.
        const Range run{std::max(range.start, first << shift),
                        stop == end ? range.end : stop << shift};
        if (stop - first >= 2 || run == range)
            return run;
    }
    return {};
}

} // namespace ww
