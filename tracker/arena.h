// SPDX-License-Identifier: MIT
// Memory for what readers without a lock may look at for any time: handed out
// piece by piece, zeroed, never taken back before the tracker ends. Any thread
// may allocate, and waits for nobody.
#pragma once

#include <atomic>
#include <cstddef>

namespace ww {

class Arena {
public:
    constexpr Arena() noexcept = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena();

    // Aligned to 64 bytes; nullptr when memory ran out.
    void* allocate(std::size_t bytes) noexcept;

private:
    struct Chunk;
    bool add_chunk(Chunk* before, std::size_t bytes) noexcept;

    std::atomic<Chunk*> newest_{nullptr};
};

} // namespace ww
