// SPDX-License-Identifier: MIT
#include "writewatch/heap.h"

#include "mimalloc_aligned.h"
#include "mimalloc_arenas.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <mimalloc.h>
#include <new>

using ww::hooks::acquire_arena;
using ww::hooks::Arena;
using ww::hooks::kArenaBlockBytes;
using ww::hooks::release_arena;

namespace {

constexpr int kInvalid = -22;  // EINVAL
constexpr int kNoMemory = -12; // ENOMEM
constexpr std::size_t kFirstBytes = std::size_t{1} << 30;
constexpr std::size_t kArenasAtMost = 32; // each twice as large as the one before

// Room for the allocator's own bookkeeping beside a block of this size.
constexpr std::size_t arena_bytes_for(std::size_t bytes) noexcept {
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 4;
    const std::size_t wanted = std::min(bytes, kMost) + kArenaBlockBytes;
    return (wanted + kArenaBlockBytes - 1) / kArenaBlockBytes * kArenaBlockBytes;
}

} // namespace

// One mimalloc heap for each arena: it can be bound to one only.
struct ww_heap {
    struct Part {
        Arena* arena;
        mi_heap_t* heap;
    };

    ww_tracker* tracker;
    bool purges;
    // A register tells the thread; asking pthread_self(3) would cost two
    // nanoseconds of the forty that an allocation takes.
    const void* owner = __builtin_thread_pointer();
    std::array<Part, kArenasAtMost> parts{};
    std::size_t part_count = 0;

    int grow(std::size_t bytes) noexcept {
        if (part_count == parts.size())
            return kNoMemory;
        int error = 0;
        Arena* arena = acquire_arena(tracker, bytes, purges, error);
        if (arena == nullptr)
            return error;
        mi_heap_t* heap = mi_heap_new_in_arena(arena->managed.id);
        if (heap == nullptr) {
            release_arena(*arena);
            return kNoMemory;
        }
        parts[part_count++] = {arena, heap};
        return 0;
    }

    // allocate(mi_heap_t*) where there is room, the newest part first, and if
    // there is none, in a new one.
    template<class Allocate>
    void* allocate(std::size_t bytes, Allocate allocate_in) noexcept {
        if (__builtin_thread_pointer() != owner)
            return nullptr;
        if (void* block = allocate_in(parts[part_count - 1].heap)) [[likely]]
            return block;
        return allocate_elsewhere(bytes, allocate_in);
    }

    template<class Allocate>
    [[gnu::noinline]] void* allocate_elsewhere(std::size_t bytes, Allocate allocate_in) noexcept {
        for (std::size_t i = part_count - 1; i-- > 0;) {
            if (void* block = allocate_in(parts[i].heap))
                return block;
        }
        const ww::hooks::Limits most = ww::hooks::limits();
        if (bytes > most.block_bytes)
            return nullptr;
        const std::size_t next = 2 * parts[part_count - 1].arena->region.bytes();
        if (grow(std::max(std::min(next, most.region_bytes), arena_bytes_for(bytes))) != 0)
            return nullptr;
        return allocate_in(parts[part_count - 1].heap);
    }
};

extern "C" {

int ww_heap_create(ww_tracker* tracker, std::size_t reserve_bytes, unsigned flags,
                   ww_heap** heap) noexcept {
    if (tracker == nullptr || heap == nullptr || (flags & ~unsigned{WW_HEAP_PURGE}) != 0)
        return kInvalid;
    auto* made = new (std::nothrow) ww_heap{tracker, (flags & WW_HEAP_PURGE) != 0};
    if (made == nullptr)
        return kNoMemory;
    const std::size_t bytes = reserve_bytes == 0 ? kFirstBytes : reserve_bytes;
    if (const int error = made->grow(arena_bytes_for(bytes - std::min(bytes, kArenaBlockBytes)))) {
        delete made;
        return error;
    }
    *heap = made;
    return 0;
}

void ww_heap_destroy(ww_heap* heap) noexcept {
    if (heap == nullptr)
        return;
    for (std::size_t i = 0; i < heap->part_count; ++i) {
        mi_heap_destroy(heap->parts[i].heap);
        mi_collect(true); // or freed segments stay in the thread's cache
        release_arena(*heap->parts[i].arena);
    }
    delete heap;
}

void* ww_heap_malloc(ww_heap* heap, std::size_t bytes) noexcept {
    return heap->allocate(bytes, [=](mi_heap_t* part) { return mi_heap_malloc(part, bytes); });
}

void* ww_heap_calloc(ww_heap* heap, std::size_t count, std::size_t bytes) noexcept {
    std::size_t all = 0;
    if (__builtin_mul_overflow(count, bytes, &all))
        return nullptr;
    return heap->allocate(all, [=](mi_heap_t* part) { return mi_heap_zalloc(part, all); });
}

void* ww_heap_realloc(ww_heap* heap, void* block, std::size_t bytes) noexcept {
    return heap->allocate(bytes,
                          [=](mi_heap_t* part) { return mi_heap_realloc(part, block, bytes); });
}

void* ww_heap_aligned_alloc(ww_heap* heap, std::size_t alignment, std::size_t bytes) noexcept {
    if (alignment == 0 || (alignment & (alignment - 1)) != 0)
        return nullptr;
    return heap->allocate(bytes, [=](mi_heap_t* part) {
        return ww::hooks::aligned_block(alignment, [=](std::size_t offset) {
            return mi_heap_malloc_aligned_at(part, bytes, alignment, offset);
        });
    });
}

void ww_heap_free(void* block) noexcept {
    mi_free(block);
}

std::size_t ww_heap_usable_size(const void* block) noexcept {
    return mi_usable_size(block);
}

void ww_heap_purge(ww_heap* heap) noexcept {
    for (std::size_t i = 0; i < heap->part_count; ++i)
        mi_heap_collect(heap->parts[i].heap, true);
    mi_collect(true);
}

std::size_t ww_heap_ranges(const ww_heap* heap, ww_range* ranges, std::size_t capacity) noexcept {
    for (std::size_t i = 0; i < std::min(capacity, heap->part_count); ++i)
        ranges[i] = heap->parts[i].arena->region.range();
    return heap->part_count;
}

void ww_heap_stats_get(const ww_heap* heap, ww_heap_stats* stats,
                       std::size_t stats_bytes) noexcept {
    ww_heap_stats known{};
    // Areas alone: visiting blocks would settle what other threads freed.
    const auto add_area = [](const mi_heap_t*, const mi_heap_area_t* area, void*, std::size_t,
                             void* context) {
        auto& sum = *static_cast<ww_heap_stats*>(context);
        sum.blocks += area->used;
        sum.block_bytes += area->used * area->block_size;
        return true;
    };
    if (__builtin_thread_pointer() == heap->owner) {
        for (std::size_t i = 0; i < heap->part_count; ++i) {
            known.reserved_bytes += heap->parts[i].arena->region.bytes();
            mi_heap_visit_blocks(heap->parts[i].heap, false, add_area, &known);
        }
    }
    std::memset(stats, 0, stats_bytes);
    std::memcpy(stats, &known, std::min(stats_bytes, sizeof known));
}

int ww_heap_visit(ww_heap* heap, int (*visit)(void* block, std::size_t bytes, void* argument),
                  void* argument) noexcept {
    struct Visitor {
        int (*visit)(void*, std::size_t, void*);
        void* argument;
    } visitor{visit, argument};
    const auto visit_block = [](const mi_heap_t*, const mi_heap_area_t*, void* block,
                                std::size_t bytes, void* context) {
        const auto& to = *static_cast<Visitor*>(context);
        return block == nullptr || to.visit(block, bytes, to.argument) != 0;
    };
    for (std::size_t i = 0; i < heap->part_count; ++i) {
        if (!mi_heap_visit_blocks(heap->parts[i].heap, true, visit_block, &visitor))
            return 0;
    }
    return 1;
}

} // extern "C"
