// SPDX-License-Identifier: MIT
// Aligned blocks of mimalloc 2.0.9, which takes blocks of a power of 2 for
// aligned to their size where they are not (a block of 512 bytes at ...180).
// With an offset it always looks; any multiple of the alignment is as good as
// none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mimalloc.h>

namespace ww::hooks {

template<class Allocate>
void* aligned_block(std::size_t alignment, Allocate allocate_at) noexcept {
    void* block = allocate_at(std::size_t{0});
    if (reinterpret_cast<std::uintptr_t>(block) % alignment == 0)
        return block;
    mi_free(block);
    return allocate_at(alignment);
}

} // namespace ww::hooks
