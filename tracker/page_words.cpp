// SPDX-License-Identifier: MIT
#include "page_words.h"

#include <algorithm>
#include <bit>

namespace ww {

PageWords::PageWords(Arena& arena, std::size_t page_bytes) noexcept
    : arena_(arena), page_shift_(static_cast<unsigned>(std::countr_zero(page_bytes))),
      block_shift_(page_shift_ + static_cast<unsigned>(std::countr_zero(kPagesPerBlock))) {}

bool PageWords::prepare(Range range) noexcept {
    const std::size_t first = (range.start >> page_shift_) / kPagesPerGroup;
    const std::size_t last = ((range.end - 1) >> page_shift_) / kPagesPerGroup;
    if (last >= kGroups)
        return false;
    for (std::size_t place = first; place <= last; ++place) {
        if (groups_[place].load(std::memory_order_relaxed) != nullptr)
            continue;
        // Of two made at once one is left unused: address space, not memory.
        auto* made = static_cast<Group*>(arena_.allocate(sizeof(Group)));
        if (made == nullptr)
            return false;
        Group* none = nullptr;
        groups_[place].compare_exchange_strong(none, made, std::memory_order_acq_rel);
    }
    return true;
}

std::atomic<PageWords::Word>& PageWords::word_of(std::uintptr_t page) const noexcept {
    Group* group = group_at(page).load(std::memory_order_acquire);
    return group->words[(page >> page_shift_) % kPagesPerGroup];
}

bool PageWords::is_known(std::uintptr_t address) const noexcept {
    const Group* group = group_at(address).load(std::memory_order_acquire);
    const std::size_t block = (address >> block_shift_) % kBlocksPerGroup;
    return (group->known[block / kWordBits].load() >> block % kWordBits & 1) != 0;
}

// In front of every change of a word. Never taken back: a block in which
// something was written once is looked at for good.
void PageWords::make_known(std::uintptr_t page) noexcept {
    if (is_known(page))
        return;
    Group* group = group_at(page).load(std::memory_order_acquire);
    const std::size_t block = (page >> block_shift_) % kBlocksPerGroup;
    group->known[block / kWordBits].fetch_or(std::uint64_t{1} << block % kWordBits);
}

// Sequentially consistent, as everything here: the order of marks and system
// calls of several threads is what the back end's proof is about.
template<class Allowed, class Next>
bool PageWords::change(std::uintptr_t page, Allowed allowed, Next next) noexcept {
    make_known(page);
    std::atomic<Word>& word = word_of(page);
    Word before = word.load();
    do {
        if (!allowed(before))
            return false;
    } while (!word.compare_exchange_weak(before, next(before) | kKnown));
    return true;
}

bool PageWords::begin_opening(std::uintptr_t page) noexcept {
    return change(
        page, [](Word word) { return (word & kOpening) != kOpening; },
        [](Word word) { return (word | kWritten) + kOneOpening; });
}

void PageWords::end_opening(std::uintptr_t page) noexcept {
    change(
        page, [](Word) { return true; }, [](Word word) { return (word | kWritten) - kOneOpening; });
}

void PageWords::latch(std::uintptr_t page) noexcept {
    change(
        page, [](Word) { return true; }, [](Word word) { return word | kLatched; });
}

void PageWords::latch_if_unknown(std::uintptr_t page) noexcept {
    change(
        page, [](Word word) { return word == 0; }, [](Word) { return kLatched; });
}

bool PageWords::take(std::uintptr_t page) noexcept {
    return change(
        page, [](Word word) { return says_written(word) && (word & kTaking) != kTaking; },
        [](Word word) { return (word & ~(kWritten | kLatched)) + kOneTaking; });
}

bool PageWords::take_quiet(std::uintptr_t page) noexcept {
    return change(page, is_quiet, [](Word word) { return word + kOneTaking; });
}

void PageWords::leave(std::uintptr_t page) noexcept {
    change(
        page, [](Word) { return true; }, [](Word word) { return word - kOneTaking; });
}

void PageWords::give_back(std::uintptr_t page) noexcept {
    change(
        page, [](Word) { return true; }, [](Word word) { return (word | kWritten) - kOneTaking; });
}

void PageWords::clear(Range range) noexcept {
    for (std::uintptr_t page = range.start; (page = first_written({page, range.end})) < range.end;
         page += std::uintptr_t{1} << page_shift_)
        change(page, says_written, [](Word word) { return word & ~(kWritten | kLatched); });
}

template<class Matches>
std::uintptr_t PageWords::first_in_block(Range part, Matches matches) const noexcept {
    const std::atomic<Word>* const first = &word_of(part.start);
    const std::size_t count = (part.end - part.start) >> page_shift_;
    for (std::size_t i = 0; i < count; ++i) {
        if (matches(first[i].load(std::memory_order_acquire)))
            return part.start + (i << page_shift_);
    }
    return part.end;
}

// The first page from `at` on whose block is known; `end` if there is none.
std::uintptr_t PageWords::next_known(std::uintptr_t at, std::uintptr_t end) const noexcept {
    while (at < end) {
        const Group* group = group_at(at).load(std::memory_order_acquire);
        const std::size_t block = (at >> block_shift_) % kBlocksPerGroup;
        const std::uint64_t left = group->known[block / kWordBits].load() >> block % kWordBits;
        if ((left & 1) != 0)
            return at;
        const std::size_t skipped = left != 0 ? static_cast<std::size_t>(std::countr_zero(left))
                                              : kWordBits - block % kWordBits;
        at = ((at >> block_shift_) + skipped) << block_shift_;
    }
    return end;
}

PageWords::Piece PageWords::first_piece(Range range) const noexcept {
    const std::uintptr_t known = next_known(range.start, range.end);
    if (known > range.start)
        return {{range.start, known}, false};
    return {{range.start, std::min(block_end(known), range.end)}, true};
}

std::uintptr_t PageWords::first_written(Range range) const noexcept {
    for (std::uintptr_t at = range.start; (at = next_known(at, range.end)) < range.end;) {
        const std::uintptr_t end = std::min(block_end(at), range.end);
        const std::uintptr_t found = first_in_block({at, end}, says_written);
        if (found < end)
            return found;
        at = end;
    }
    return range.end;
}

std::uintptr_t PageWords::first_quiet(Range range) const noexcept {
    for (std::uintptr_t at = range.start; at < range.end;) {
        const Piece piece = first_piece({at, range.end});
        if (!piece.known)
            return at;
        const std::uintptr_t found = first_in_block(piece.range, is_quiet);
        if (found < piece.range.end)
            return found;
        at = piece.range.end;
    }
    return range.end;
}

} // namespace ww
