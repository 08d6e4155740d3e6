// SPDX-License-Identifier: MIT
// Memory of ours that mimalloc manages from now on: mimalloc2_manage.cpp or
// mimalloc3_manage.cpp, as the build found mimalloc to be.
#pragma once

#include "region.h"

#include <cstddef>
#include <mimalloc.h>

namespace ww::hooks {

// Stays where it is as long as mimalloc runs.
struct Managed {
    bool purges; // gives back what is unused
    mi_arena_id_t id{};
    std::size_t own_bytes = 0; // mimalloc's own bookkeeping, at the very start
};

// Fresh memory, as limits() say. Exclusive: for heaps that ask for this arena only.
bool manage(const Region& region, bool exclusive, Managed& managed) noexcept;

// What a reservation's size is a multiple of.
inline constexpr std::size_t kArenaBlockBytes = std::size_t{64} << 20;

struct Limits {
    std::size_t alignment;    // of a reservation
    std::size_t region_bytes; // of an exclusive one, at most
    std::size_t block_bytes;  // at most
};

Limits limits() noexcept;

} // namespace ww::hooks
