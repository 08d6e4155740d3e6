// SPDX-License-Identifier: MIT
// A reservation whose written pages are known. Memory comes as it is touched.
#pragma once

#include <writewatch/writewatch.h>

#include <cstddef>

namespace ww::hooks {

std::size_t page_bytes() noexcept;

// The pages read as zeros from now on, and hold no memory. 0 or -ENOMEM.
int discard(void* base, std::size_t bytes) noexcept;
// ... when the system wants the memory.
int discard_lazily(void* base, std::size_t bytes) noexcept;

class Region {
public:
    Region() noexcept = default;
    Region(Region&& other) noexcept;
    Region& operator=(Region&& other) noexcept;
    ~Region();

    // `bytes` and `alignment` are multiples of the page size, `alignment` a
    // power of 2. 0, or -ENOMEM.
    int reserve(std::size_t bytes, std::size_t alignment) noexcept;
    // 0, or as ww_watch().
    int watch(ww_tracker* tracker) noexcept;
    void unwatch() noexcept;
    std::byte* base() const noexcept { return base_; }
    std::size_t bytes() const noexcept { return bytes_; }
    ww_range range() const noexcept { return {base_, bytes_}; }

private:
    std::byte* base_ = nullptr;
    std::size_t bytes_ = 0;
    ww_tracker* tracker_ = nullptr;
};

} // namespace ww::hooks
