// SPDX-License-Identifier: MIT
// Watched reservations that mimalloc manages. It never lets one go, so those of
// heaps that ended wait here for others.
#pragma once

#include "region.h"

#include <cstddef>
#include <mimalloc.h>

namespace ww::hooks {

struct Arena {
    Region region;
    mi_arena_id_t id;
    bool purges;
    bool used;
};

// Of at least so many bytes, watched, and of nobody else. nullptr and `error`
// (negative errno) if there is none.
Arena* acquire_arena(ww_tracker* tracker, std::size_t bytes, bool purges, int& error) noexcept;

// Ends the watching and drops the contents: nothing of them may be in use.
void release_arena(Arena& arena) noexcept;

// What mimalloc 2 divides reservations into, and aligns them to.
inline constexpr std::size_t kArenaBlockBytes = std::size_t{64} << 20;

} // namespace ww::hooks
