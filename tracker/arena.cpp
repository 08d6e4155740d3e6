// SPDX-License-Identifier: MIT
#include "arena.h"

#include "kernel/handles.h"

#include <algorithm>
#include <new>

namespace ww {

namespace {

// Address space only: pages come as they are touched. Small enough for a
// 32-bit process.
constexpr std::size_t kChunkBytes = sizeof(void*) == 8 ? 4U << 20 : 256U << 10;
constexpr std::size_t kAlignment = 64;

} // namespace

// Stands at the start of the memory that it hands out.
struct alignas(kAlignment) Arena::Chunk {
    kernel::Mapping memory;
    Chunk* before;
    std::atomic<std::size_t> used{sizeof(Chunk)};
};

Arena::~Arena() {
    for (Chunk* chunk = newest_.load(std::memory_order_relaxed); chunk != nullptr;) {
        const kernel::Mapping memory = std::move(chunk->memory);
        chunk = chunk->before;
    }
}

void* Arena::allocate(std::size_t bytes) noexcept {
    const std::size_t needed = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    for (;;) {
        Chunk* chunk = newest_.load(std::memory_order_acquire);
        if (chunk != nullptr) {
            const std::size_t place = chunk->used.fetch_add(needed, std::memory_order_relaxed);
            if (place + needed <= chunk->memory.range().bytes())
                return reinterpret_cast<char*>(chunk) + place;
        }
        if (!add_chunk(chunk, needed))
            return nullptr;
    }
}

// Of two threads that find the chunk full at once, one adds the next.
bool Arena::add_chunk(Chunk* before, std::size_t bytes) noexcept {
    kernel::Result<kernel::Mapping> memory =
        kernel::Mapping::create(std::max(kChunkBytes, bytes + sizeof(Chunk)));
    if (!memory)
        return false;
    Chunk* chunk = new (memory->data()) Chunk{std::move(*memory), before};
    if (!newest_.compare_exchange_strong(before, chunk, std::memory_order_acq_rel))
        const kernel::Mapping unused = std::move(chunk->memory);
    return true;
}

} // namespace ww
