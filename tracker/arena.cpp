// SPDX-License-Identifier: MIT
#include "arena.h"

#include <new>

namespace ww {

namespace {

// Address space only: pages come as they are touched. Small enough for a
// 32-bit process.
constexpr std::size_t kChunkBytes = sizeof(void*) == 8 ? 4U << 20 : 256U << 10;
constexpr std::size_t kAlignment = 64;

constexpr std::size_t round_up(std::size_t bytes) noexcept {
    return (bytes + kAlignment - 1) & ~(kAlignment - 1);
}

} // namespace

struct Arena::Chunk {
    kernel::Mapping memory;
    Chunk* next;
};

Arena::~Arena() {
    while (chunks_ != nullptr) {
        const kernel::Mapping last = std::move(chunks_->memory); // holds *chunks_ itself
        chunks_ = chunks_->next;
    }
}

void* Arena::allocate(std::size_t bytes) noexcept {
    const std::size_t needed = round_up(bytes);
    if (rest_.bytes() < needed) {
        kernel::Result<kernel::Mapping> memory =
            kernel::Mapping::create(std::max(kChunkBytes, needed + kAlignment));
        if (!memory)
            return nullptr;
        rest_ = memory->range();
        chunks_ = new (memory->data()) Chunk{std::move(*memory), chunks_};
        rest_.start += round_up(sizeof(Chunk));
    }
    void* piece = reinterpret_cast<void*>(rest_.start);
    rest_.start += needed;
    return piece;
}

} // namespace ww
