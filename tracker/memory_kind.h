// SPDX-License-Identifier: MIT
// What lies in a watched range, as far as it is treated differently: pure.
#pragma once

#include "range.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ww {

// Each of the first four can be served in the way of a later one.
enum class MemoryKind : std::uint8_t {
    anonymous,      // private, of no file
    anonymous_huge, // the same, with the transparent huge pages that it has
    file,           // private, of a file, all of it or parts
    shared,         // shared, of a file or not, all of it or parts
    hugetlb,        // nothing else beside it
};

// What is `found` in memory that is watched as `watched`.
constexpr bool serves(MemoryKind watched, MemoryKind found) noexcept {
    const bool hugetlb = found == MemoryKind::hugetlb;
    return hugetlb == (watched == MemoryKind::hugetlb) && found <= watched;
}

// The bytes of what the kernel can tell written or not. Hugetlb memory is of
// the pages that one full page table maps.
constexpr std::size_t granularity(MemoryKind kind, std::size_t page_bytes) noexcept {
    constexpr std::size_t kTableEntryBytes = 8;
    return kind == MemoryKind::hugetlb ? page_bytes / kTableEntryBytes * page_bytes : page_bytes;
}

// A range of one kind: a watch, or a part of one.
struct Watched {
    constexpr Watched() noexcept = default;
    constexpr Watched(Range its_range, MemoryKind its_kind = MemoryKind::anonymous) noexcept
        : range(its_range), kind(its_kind) {}

    Range range;
    MemoryKind kind = MemoryKind::anonymous;
    std::uint8_t note = 0; // of who keeps the set that the range is in

    friend constexpr bool operator==(Watched, Watched) noexcept = default;
};

// Whether both ends of the range lie between two units of what is told apart.
constexpr bool is_whole(Watched part, std::size_t page_bytes) noexcept {
    const std::size_t unit = granularity(part.kind, page_bytes);
    return is_aligned(part.range.start, unit) && is_aligned(part.range.end, unit);
}

// The part with what lies in its units beside it.
constexpr Range whole(Watched part, std::size_t page_bytes) noexcept {
    const std::size_t unit = granularity(part.kind, page_bytes);
    return {part.range.start & ~(unit - 1), ((part.range.end - 1) | (unit - 1)) + 1};
}

// Of a part that is to be watched the memory that must refuse transparent huge
// pages, so that none comes where one write would report all of it: if it has
// the first page of a block that can be one, or ends in the middle of a block
// whose first page may keep them. A huge page needs one mapping around its block,
// and mappings that refuse are never one with others: a part without a first
// page needs no call of its own.
constexpr Range without_huge_pages(Watched part, std::size_t page_bytes) noexcept {
    const std::uintptr_t in_block = granularity(MemoryKind::hugetlb, page_bytes) - 1;
    const Range range = part.range;
    if (part.kind == MemoryKind::hugetlb)
        return {};
    if (part.kind == MemoryKind::anonymous_huge)
        return {std::max(range.start, range.end & ~in_block), range.end};
    return ((range.end - 1) & ~in_block) >= range.start ? range : Range{};
}

} // namespace ww
