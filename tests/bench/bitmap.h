// SPDX-License-Identifier: MIT
// Answers with a bit for each page.
#pragma once

#include "memory.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace bench {

inline void set_bits(std::span<std::uint64_t> words, std::size_t first, std::size_t end) {
    while (first < end) {
        const std::size_t from = first % 64;
        const std::size_t to = std::min<std::size_t>(64, from + (end - first));
        words[first / 64] |= (~std::uint64_t{0} << from) & (~std::uint64_t{0} >> (64 - to));
        first += to - from;
    }
}

inline std::vector<void*> addresses_in(std::span<const std::uint64_t> words, const Block& block) {
    std::vector<void*> pages;
    for (std::size_t page = 0; page < block.pages(); ++page) {
        if ((words[page / 64] >> page % 64 & 1) != 0)
            pages.push_back(block.page(page));
    }
    return pages;
}

} // namespace bench
