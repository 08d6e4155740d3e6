// SPDX-License-Identifier: MIT
// Watched reservations that mimalloc manages. It never lets one go, so those of
// heaps that ended wait here for others.
#pragma once

#include "mimalloc_manage.h"
#include "region.h"

#include <cstddef>

namespace ww::hooks {

struct Arena {
    Region region;
    Managed managed;
    bool used;
};

// Of at least so many bytes, watched, and of nobody else. nullptr and `error`
// (negative errno) if there is none.
Arena* acquire_arena(ww_tracker* tracker, std::size_t bytes, bool purges, int& error) noexcept;

// Ends the watching and drops the contents: nothing of them may be in use.
void release_arena(Arena& arena) noexcept;

} // namespace ww::hooks
