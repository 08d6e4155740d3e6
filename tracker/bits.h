// SPDX-License-Identifier: MIT
// Runs of bits in arrays of 64-bit words.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ww {

// Calls visit(word number, mask) for each word that holds some of the bits
// [first, end).
template<class Visit>
void for_each_bit_run(std::size_t first, std::size_t end, Visit visit) noexcept {
    constexpr std::size_t kWordBits = 64;
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    while (first < end) {
        const std::size_t from = first % kWordBits;
        const std::size_t to = std::min(kWordBits, from + (end - first));
        visit(first / kWordBits, (kAll << from) & (kAll >> (kWordBits - to)));
        first += to - from;
    }
}

} // namespace ww
