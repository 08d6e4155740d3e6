// SPDX-License-Identifier: MIT
#include "stamps.h"

#include <algorithm>

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Result;

// Summaries first: they are small, and every search begins there. Fresh memory
// is all zeros, which is what "never" looks like.
Result<Stamps> Stamps::create(std::size_t page_count) noexcept {
    std::size_t starts[kLevels];
    std::size_t total = 0;
    for (unsigned level = kLevels; level-- > 0;) {
        starts[level] = total;
        total += place(page_count - 1, level) + 1;
    }
    if (total > SIZE_MAX / sizeof(Stamp))
        return Error::no_memory;
    Result<Mapping> memory = Mapping::create(total * sizeof(Stamp));
    if (!memory)
        return memory.error();
    Stamps stamps;
    stamps.memory_ = std::move(*memory);
    for (unsigned level = 0; level < kLevels; ++level)
        stamps.levels_[level] = static_cast<Stamp*>(stamps.memory_.data()) + starts[level];
    return stamps;
}

void Stamps::stamp(std::size_t first, std::size_t end, std::uint64_t generation) noexcept {
    for (unsigned level = 0; level < kLevels; ++level) {
        Stamp* const last = levels_[level] + place(end - 1, level);
        for (Stamp* stamp = levels_[level] + place(first, level); stamp <= last; ++stamp)
            stamp->store(generation, std::memory_order_relaxed);
    }
}

std::size_t Stamps::first_newer(std::size_t page, std::size_t end,
                                std::uint64_t mark) const noexcept {
    while (page < end) {
        unsigned level = kLevels - 1;
        while (level > 0 && newest(page, level) > mark)
            --level;
        if (level == 0) {
            const std::size_t block_end = (place(page, 1) + 1) << kLevelBits;
            const std::size_t stop = std::min(end, block_end);
            while (page < stop && newest(page, 0) <= mark)
                ++page;
            if (page < stop)
                return page;
        } else {
            page = std::min(end, (place(page, level) + 1) << level * kLevelBits);
        }
    }
    return end;
}

std::size_t Stamps::first_not_newer(std::size_t page, std::size_t end,
                                    std::uint64_t mark) const noexcept {
    while (page < end && newest(page, 0) > mark)
        ++page;
    return page;
}

} // namespace ww
