// SPDX-License-Identifier: MIT
// Memory for what readers without a lock may look at for any time: handed out
// piece by piece, zeroed, never taken back before the tracker ends.
#pragma once

#include "kernel/handles.h"

#include <cstddef>

namespace ww {

class Arena {
public:
    Arena() noexcept = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena();

    // Aligned to 64 bytes; nullptr when memory ran out.
    void* allocate(std::size_t bytes) noexcept;

private:
    struct Chunk;
    Chunk* chunks_ = nullptr;
    Range rest_;
};

} // namespace ww
