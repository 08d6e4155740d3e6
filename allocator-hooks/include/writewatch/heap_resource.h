// SPDX-License-Identifier: MIT
// A watched heap (heap.h) for C++: as std::pmr::memory_resource, and as an
// allocator of its own type. Both refer to the heap and do not own it; who
// allocates is bound to the heap's thread.
#pragma once

#include <writewatch/heap.h>

#include <cstddef>
#include <memory_resource>
#include <new>

namespace ww {

inline void* allocate_from(ww_heap* heap, std::size_t bytes, std::size_t alignment) {
    void* block = ww_heap_aligned_alloc(heap, alignment, bytes);
    if (block == nullptr)
        throw std::bad_alloc{};
    return block;
}

class heap_resource final : public std::pmr::memory_resource {
public:
    explicit heap_resource(ww_heap* heap) noexcept : heap_(heap) {}
    ww_heap* heap() const noexcept { return heap_; }

private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        return allocate_from(heap_, bytes, alignment);
    }
    void do_deallocate(void* block, std::size_t, std::size_t) override { ww_heap_free(block); }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        const auto* same = dynamic_cast<const heap_resource*>(&other);
        return same != nullptr && same->heap_ == heap_;
    }

    ww_heap* heap_;
};

template<class T>
class heap_allocator {
public:
    using value_type = T;

    explicit heap_allocator(ww_heap* heap) noexcept : heap_(heap) {}
    template<class Other>
    heap_allocator(const heap_allocator<Other>& other) noexcept : heap_(other.heap()) {}

    T* allocate(std::size_t count) {
        if (count > static_cast<std::size_t>(-1) / sizeof(T))
            throw std::bad_array_new_length{};
        return static_cast<T*>(allocate_from(heap_, count * sizeof(T), alignof(T)));
    }
    void deallocate(T* block, std::size_t) noexcept { ww_heap_free(block); }

    ww_heap* heap() const noexcept { return heap_; }

    template<class Other>
    friend bool operator==(const heap_allocator& a, const heap_allocator<Other>& b) noexcept {
        return a.heap() == b.heap();
    }

private:
    ww_heap* heap_;
};

} // namespace ww
