// SPDX-License-Identifier: MIT
// What the emulator core allocates lies in one watched region, together with
// the allocator's own state, so that a rewind takes both back. What the front
// end allocates does not, and stays.
//
// malloc and its family of the whole program are in core_heap.cpp: they ask who
// is running.
#pragma once

#include <writewatch/writewatch.h>

#include <cstddef>

namespace rewind_example {

class CoreHeap {
public:
    // Before the core is loaded. In whole blocks of 2 MiB.
    static void create(std::size_t bytes);
    static ww_range range() noexcept;

    // While one of these lives in a thread, the core runs in it ...
    class Inside {
    public:
        Inside() noexcept : outer_(inside) { inside = true; }
        ~Inside() { inside = outer_; }
        Inside(const Inside&) = delete;
        Inside& operator=(const Inside&) = delete;

    private:
        bool outer_;
    };
    // ... save where it calls back.
    class Outside {
    public:
        Outside() noexcept : outer_(inside) { inside = false; }
        ~Outside() { inside = outer_; }
        Outside(const Outside&) = delete;
        Outside& operator=(const Outside&) = delete;

    private:
        bool outer_;
    };

    static bool is_inside() noexcept { return inside; }
    static bool holds(const void* block) noexcept;
    static void* allocate(std::size_t bytes, std::size_t alignment) noexcept;
    static void free(void* block) noexcept;
    static std::size_t usable_size(const void* block) noexcept;

private:
    static thread_local bool inside;
};

} // namespace rewind_example
