// SPDX-License-Identifier: MIT
#include "latched_pages.h"

#include <algorithm>
#include <bit>

namespace ww::wine {

// change(page, bits): for every word that has pages of the range, its first
// page and the bits of those pages.
template<class Change>
void LatchedPages::for_each_word(PageRange range, Change change) noexcept {
    const SIZE_T end = range.end() / kGranularity;
    for (SIZE_T page = range.start / kGranularity; page < end;) {
        const SIZE_T word = page / kWordPages * kWordPages;
        const SIZE_T count = std::min(word + kWordPages, end) - page;
        change(word, ~std::uint64_t{0} >> (kWordPages - count) << (page - word));
        page += count;
    }
}

void LatchedPages::add(PageRange range) noexcept {
    for_each_word(range, [this](SIZE_T page, std::uint64_t bits) noexcept {
        if (Block* const block = make_block_at(page))
            __atomic_fetch_or(&block->words[page % kBlockPages / kWordPages], bits,
                              __ATOMIC_ACQ_REL);
    });
}

// By runs: most of a wide range has no block, or nothing in it.
void LatchedPages::remove(PageRange range) noexcept {
    while (!range.empty()) {
        const PageRange run = first_run(range);
        for_each_word(run, [this](SIZE_T page, std::uint64_t bits) noexcept {
            __atomic_fetch_and(&make_block_at(page)->words[page % kBlockPages / kWordPages], ~bits,
                               __ATOMIC_ACQ_REL);
        });
        range = {run.end(), range.end() - run.end()};
    }
}

PageRange LatchedPages::first_run(PageRange range) const noexcept {
    const SIZE_T end = range.end() / kGranularity;
    const SIZE_T first = any() ? first_page(range.start / kGranularity, end) : end;
    SIZE_T last = first;
    while (last < end) {
        const SIZE_T in_word = kWordPages - last % kWordPages;
        const auto ones = static_cast<SIZE_T>(std::countr_one(word_at(last) >> last % kWordPages));
        last += std::min(ones, in_word);
        if (ones < in_word)
            break;
    }
    return {first * kGranularity, (std::min(last, end) - first) * kGranularity};
}

// The first latched page of [page, end), or `end`.
SIZE_T LatchedPages::first_page(SIZE_T page, SIZE_T end) const noexcept {
    while (page < end) {
        if (block_at(page) == nullptr) {
            page = (page / kBlockPages + 1) * kBlockPages;
            continue;
        }
        const std::uint64_t bits = word_at(page) >> page % kWordPages;
        if (bits != 0)
            return std::min(page + static_cast<SIZE_T>(std::countr_zero(bits)), end);
        page = (page / kWordPages + 1) * kWordPages;
    }
    return end;
}

std::uint64_t LatchedPages::word_at(SIZE_T page) const noexcept {
    const Block* const block = block_at(page);
    return block == nullptr
               ? 0
               : __atomic_load_n(&block->words[page % kBlockPages / kWordPages], __ATOMIC_ACQUIRE);
}

const LatchedPages::Block* LatchedPages::block_at(SIZE_T page) const noexcept {
    const SIZE_T place = page / kBlockPages;
    const std::uint16_t number =
        place < kPlaces ? __atomic_load_n(&place_[place], __ATOMIC_ACQUIRE) : std::uint16_t{0};
    return number == 0 ? nullptr : &blocks_[number - 1];
}

// A block belongs to its place for good. Of two that are made for one place at
// once, one is never used.
LatchedPages::Block* LatchedPages::make_block_at(SIZE_T page) noexcept {
    const SIZE_T place = page / kBlockPages;
    if (place >= kPlaces)
        return nullptr;
    std::uint16_t number = __atomic_load_n(&place_[place], __ATOMIC_ACQUIRE);
    if (number == 0) {
        if (__atomic_load_n(&blocks_used_, __ATOMIC_RELAXED) >= kBlocks)
            return nullptr;
        const std::uint32_t made = __atomic_add_fetch(&blocks_used_, 1, __ATOMIC_ACQ_REL);
        if (made > kBlocks)
            return nullptr;
        if (__atomic_compare_exchange_n(&place_[place], &number, static_cast<std::uint16_t>(made),
                                        false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            number = static_cast<std::uint16_t>(made);
    }
    return &blocks_[number - 1];
}

} // namespace ww::wine
