// SPDX-License-Identifier: MIT
// Address ranges and page arithmetic: pure, no kernel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ww {

struct Range {
    std::uintptr_t start = 0;
    std::uintptr_t end = 0; // one behind the last byte

    constexpr bool empty() const noexcept { return start >= end; }
    constexpr std::size_t bytes() const noexcept { return empty() ? 0 : end - start; }
    constexpr bool contains(std::uintptr_t address) const noexcept {
        return start <= address && address < end;
    }
    constexpr bool contains(Range other) const noexcept {
        return start <= other.start && other.end <= end;
    }
    friend constexpr bool operator==(Range, Range) noexcept = default;
};

constexpr Range intersection(Range a, Range b) noexcept {
    return {std::max(a.start, b.start), std::min(a.end, b.end)};
}

constexpr bool is_aligned(std::uintptr_t value, std::size_t page_bytes) noexcept {
    return (value & (page_bytes - 1)) == 0;
}

// Page aligned, not empty, no wrap: what every public function asks of a range.
constexpr bool is_valid(std::uintptr_t base, std::size_t bytes, std::size_t page_bytes) noexcept {
    return bytes != 0 && is_aligned(base, page_bytes) && is_aligned(bytes, page_bytes) &&
           base + bytes > base;
}

} // namespace ww
