// SPDX-License-Identifier: MIT
// The caller's vector of regions, filled in ascending order and within limits.
// Pure; the memory must be known to be writable.
#pragma once

#include "range.h"

#include <cstddef>
#include <cstdint>

namespace ww {

class RegionList {
public:
    enum class Form : unsigned char {
        today, // start, end, categories
        v7,    // start, number of pages, bitmap
    };

    static constexpr std::size_t kRegionBytes = 24;

    // `out` may be 0: nothing is stored and regions are without limit.
    // `max_pages` 0: no limit.
    RegionList(std::uintptr_t out, std::size_t capacity, std::uint64_t max_pages, Form form,
               std::size_t page_bytes) noexcept;

    std::size_t count() const noexcept { return count_; }
    std::size_t regions_left() const noexcept { return capacity_ - count_; }
    std::uint64_t pages_left() const noexcept { return pages_left_; }
    // Where the next `regions` regions are going to be stored.
    Range next_slots(std::size_t regions) const noexcept;

    // Takes the front of `pages` as far as there is room, merged with the last
    // region where they touch and carry the same label; gives what was taken.
    Range take(Range pages, std::uint64_t label) noexcept;

private:
    bool extends_last(std::uintptr_t start, std::uint64_t label) const noexcept {
        return count_ > 0 && last_.end == start && label_ == label;
    }
    void store_last() const noexcept;

    std::uintptr_t out_;
    std::size_t capacity_;
    std::uint64_t pages_left_;
    std::size_t page_bytes_;
    Form form_;
    std::size_t count_ = 0;
    Range last_;
    std::uint64_t label_ = 0;
};

} // namespace ww
