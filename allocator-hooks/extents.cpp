// SPDX-License-Identifier: MIT
#include "writewatch/extent_hooks.h"

#include "region.h"
#include "unit_map.h"

#include <cstdint>
#include <new>

using ww::hooks::Region;
using ww::hooks::UnitMap;

namespace {

constexpr int kInvalid = -22; // EINVAL
constexpr std::size_t kRounding = std::size_t{2} << 20;

constexpr std::size_t round_up(std::size_t bytes, std::size_t to) noexcept {
    return (bytes + to - 1) / to * to;
}

} // namespace

// Lies, with its map, in memory of its own: the allocator's may be needed for
// its own sake.
struct ww_extents {
    Region memory;
    Region own;
    std::size_t page_bytes;
    UnitMap units;

    std::size_t unit_of(const void* base) const noexcept {
        return static_cast<std::size_t>(static_cast<const std::byte*>(base) - memory.base()) /
               page_bytes;
    }
    // What every call about an extent asks first.
    bool holds(const void* base, std::size_t bytes) const noexcept {
        const auto offset = reinterpret_cast<std::uintptr_t>(base) -
                            reinterpret_cast<std::uintptr_t>(memory.base());
        return bytes != 0 && offset < memory.bytes() && bytes <= memory.bytes() - offset &&
               (offset | bytes) % page_bytes == 0 && units.taken(unit_of(base), bytes / page_bytes);
    }
};

namespace {

void* alloc(ww_extents* extents, std::size_t bytes, std::size_t alignment) {
    const std::size_t page = extents->page_bytes;
    const std::size_t align = alignment < page ? page : alignment;
    const bool valid = bytes != 0 && bytes % page == 0 && (align & (align - 1)) == 0;
    // The reservation's own alignment is all that multiples of units can give.
    if (!valid || align > kRounding)
        return nullptr;
    const auto first = extents->units.take(bytes / page, align / page);
    return first ? extents->memory.base() + *first * page : nullptr;
}

int purge_forced(ww_extents* extents, void* base, std::size_t bytes) {
    if (!extents->holds(base, bytes))
        return kInvalid;
    return ww::hooks::discard(base, bytes);
}

int purge_lazy(ww_extents* extents, void* base, std::size_t bytes) {
    if (!extents->holds(base, bytes))
        return kInvalid;
    return ww::hooks::discard_lazily(base, bytes);
}

int dalloc(ww_extents* extents, void* base, std::size_t bytes) {
    if (const int error = purge_forced(extents, base, bytes))
        return error;
    extents->units.give_back(extents->unit_of(base), bytes / extents->page_bytes);
    return 0;
}

int commit(ww_extents* extents, void* base, std::size_t bytes) {
    return extents->holds(base, bytes) ? 0 : kInvalid;
}

int split(ww_extents* extents, void* base, std::size_t bytes_front, std::size_t bytes_back) {
    const bool valid = bytes_front % extents->page_bytes == 0 && bytes_front != 0 &&
                       bytes_back != 0 && extents->holds(base, bytes_front + bytes_back);
    return valid ? 0 : kInvalid;
}

int merge(ww_extents* extents, void* front, std::size_t bytes_front, void* back,
          std::size_t bytes_back) {
    const bool neighbours = static_cast<std::byte*>(front) + bytes_front == back;
    return neighbours ? split(extents, front, bytes_front, bytes_back) : kInvalid;
}

constexpr ww_extent_hooks kHooks{alloc,      dalloc,       commit, purge_forced,
                                 purge_lazy, purge_forced, split,  merge};

} // namespace

extern "C" {

const ww_extent_hooks* ww_extents_hooks() noexcept {
    return &kHooks;
}

int ww_extents_create(ww_tracker* tracker, std::size_t reserve_bytes,
                      ww_extents** extents) noexcept {
    if (tracker == nullptr || extents == nullptr || reserve_bytes == 0)
        return kInvalid;
    const std::size_t page_bytes = ww::hooks::page_bytes();
    const std::size_t bytes = round_up(reserve_bytes, kRounding);
    const std::size_t unit_count = bytes / page_bytes;
    const std::size_t words = (unit_count + UnitMap::kWordBits - 1) / UnitMap::kWordBits;

    Region own;
    if (const int error = own.reserve(
            round_up(sizeof(ww_extents) + words * sizeof(UnitMap::Word), page_bytes), page_bytes))
        return error;
    Region memory;
    if (const int error = memory.reserve(bytes, kRounding))
        return error;
    if (const int error = memory.watch(tracker))
        return error;
    auto* const bits = reinterpret_cast<UnitMap::Word*>(own.base() + sizeof(ww_extents));
    void* const place = own.base();
    *extents = new (place)
        ww_extents{std::move(memory), std::move(own), page_bytes, {{bits, words}, unit_count}};
    return 0;
}

void ww_extents_destroy(ww_extents* extents) noexcept {
    if (extents == nullptr)
        return;
    const Region own{std::move(extents->own)}; // outlives what lies in it
    extents->~ww_extents();
}

ww_range ww_extents_range(const ww_extents* extents) noexcept {
    return extents->memory.range();
}

} // extern "C"
