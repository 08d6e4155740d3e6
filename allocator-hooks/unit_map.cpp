// SPDX-License-Identifier: MIT
#include "unit_map.h"

#include <algorithm>
#include <bit>

namespace ww::hooks {

namespace {

// Calls visit(word number, mask) for the words that hold units [first, end),
// until that returns false; gives the unit up to which it went well.
template<class Visit>
std::size_t for_each_word(std::size_t first, std::size_t end, Visit visit) noexcept {
    while (first < end) {
        const std::size_t bit = first % UnitMap::kWordBits;
        const std::size_t count = std::min(UnitMap::kWordBits - bit, end - first);
        const std::uint64_t mask = ~std::uint64_t{0} >> (UnitMap::kWordBits - count) << bit;
        if (!visit(first / UnitMap::kWordBits, mask))
            return first;
        first += count;
    }
    return end;
}

} // namespace

// How many are free from `first` on, counting up to `wanted`.
std::size_t UnitMap::free_units_at(std::size_t first, std::size_t wanted) const noexcept {
    std::size_t found = 0;
    while (found < wanted) {
        const std::size_t unit = first + found;
        const std::uint64_t word = words_[unit / kWordBits].load(std::memory_order_relaxed);
        const std::size_t in_word = kWordBits - unit % kWordBits;
        const auto free = static_cast<std::size_t>(std::countr_zero(word >> unit % kWordBits));
        found += std::min(free, in_word);
        if (free < in_word)
            break;
    }
    return std::min(found, wanted);
}

bool UnitMap::claim(std::size_t first, std::size_t count) noexcept {
    const std::size_t end = first + count;
    const std::size_t claimed =
        for_each_word(first, end, [this](std::size_t word, std::uint64_t mask) {
            std::uint64_t now = words_[word].load(std::memory_order_relaxed);
            do {
                if ((now & mask) != 0)
                    return false;
            } while (
                !words_[word].compare_exchange_weak(now, now | mask, std::memory_order_acq_rel));
            return true;
        });
    if (claimed == end)
        return true;
    give_back(first, claimed - first);
    return false;
}

std::optional<std::size_t> UnitMap::take(std::size_t count, std::size_t alignment) noexcept {
    for (std::size_t first = 0; count <= unit_count_ && first <= unit_count_ - count;) {
        const std::size_t free = free_units_at(first, count);
        if (free == count && claim(first, count))
            return first;
        // Behind what is in the way; where another thread was faster, once more.
        const std::size_t next = free == count ? first : first + free + 1;
        first = (next + alignment - 1) / alignment * alignment;
    }
    return std::nullopt;
}

void UnitMap::give_back(std::size_t first, std::size_t count) noexcept {
    for_each_word(first, first + count, [this](std::size_t word, std::uint64_t mask) {
        words_[word].fetch_and(~mask, std::memory_order_acq_rel);
        return true;
    });
}

bool UnitMap::taken(std::size_t first, std::size_t count) const noexcept {
    const std::size_t end = first + count;
    return count <= unit_count_ && first <= unit_count_ - count &&
           for_each_word(first, end, [this](std::size_t word, std::uint64_t mask) {
               return (words_[word].load(std::memory_order_acquire) & mask) == mask;
           }) == end;
}

} // namespace ww::hooks
