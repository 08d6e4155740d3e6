// SPDX-License-Identifier: MIT
// Pages that must still be reported although the kernel may forget them: one
// bit each, set and cleared atomically by any thread at any time.
//
// All memory is part of the object, some 8 MiB that cost nothing until they
// are touched: where this runs nothing can be allocated. Objects of it have
// static storage, or are made zero in some other way.
#pragma once

#include "page_range.h"

#include <cstdint>

namespace ww::wine {

class LatchedPages {
public:
    // False in a process that never latched anything.
    bool any() const noexcept { return __atomic_load_n(&blocks_used_, __ATOMIC_ACQUIRE) != 0; }

    // Beyond the blocks' number (128 GiB of addresses that had latched pages)
    // nothing is latched.
    void add(PageRange range) noexcept;
    void remove(PageRange range) noexcept;

    // The first run of latched pages; empty, at the range's end, if there is
    // none.
    PageRange first_run(PageRange range) const noexcept;

private:
    static constexpr unsigned kAddressBits = sizeof(void*) == 8 ? 48 : 32;
    static constexpr SIZE_T kWordPages = 64;
    static constexpr SIZE_T kBlockWords = 512;
    static constexpr SIZE_T kBlockPages = kBlockWords * kWordPages;
    static constexpr SIZE_T kPlaces =
        (SIZE_T{1} << (kAddressBits - 12)) / kBlockPages; // of 128 MiB each
    static constexpr SIZE_T kBlocks = kPlaces < 1024 ? kPlaces : 1024;

    struct Block {
        std::uint64_t words[kBlockWords];
    };

    const Block* block_at(SIZE_T page) const noexcept;
    Block* make_block_at(SIZE_T page) noexcept;
    std::uint64_t word_at(SIZE_T page) const noexcept;
    SIZE_T first_page(SIZE_T page, SIZE_T end) const noexcept;
    template<class Change>
    static void for_each_word(PageRange range, Change change) noexcept;

    std::uint32_t blocks_used_;
    std::uint16_t place_[kPlaces]; // its block, counted from 1; 0 where there is none
    Block blocks_[kBlocks];
};

} // namespace ww::wine
