// SPDX-License-Identifier: MIT
#include "core_heap.h"

#include <algorithm>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <sys/mman.h>

namespace rewind_example {

namespace {

// All of its state lies in the buffer that it manages.
using Heap = boost::interprocess::managed_external_buffer;

std::optional<Heap> heap;
ww_range region;

// Of a page table, as it is asked whole: a heap that fits into one is asked at
// once.
constexpr std::size_t kBlockBytes = std::size_t{2} << 20;

ww_range reserve(std::size_t bytes) {
    void* memory = ::mmap(nullptr, bytes + kBlockBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        throw std::runtime_error("no memory for the core's heap");
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    return {static_cast<char*>(memory) + (kBlockBytes - address % kBlockBytes), bytes};
}

void* allocate_in_heap(std::size_t bytes, std::size_t alignment) noexcept {
    return alignment <= alignof(std::max_align_t)
               ? heap->allocate(bytes, std::nothrow)
               : heap->allocate_aligned(bytes, alignment, std::nothrow);
}

// It touches its end, too: only as far as it is needed. Its size lies in the
// buffer, so a rewind takes it back as well.
bool grow(std::size_t bytes) noexcept {
    const std::size_t left = region.bytes - heap->get_size();
    const std::size_t wanted = std::max(heap->get_size(), bytes / kBlockBytes * kBlockBytes +
                                                              2 * kBlockBytes);
    heap->grow(std::min(left, wanted));
    return left > 0;
}

} // namespace

constinit thread_local bool CoreHeap::inside = false;

void CoreHeap::create(std::size_t bytes) {
    region = reserve(bytes);
    heap.emplace(boost::interprocess::create_only, region.base, kBlockBytes);
}

ww_range CoreHeap::range() noexcept {
    return region;
}

bool CoreHeap::holds(const void* block) noexcept {
    return reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(region.base) <
           region.bytes;
}

void* CoreHeap::allocate(std::size_t bytes, std::size_t alignment) noexcept {
    const std::size_t wanted = std::max(bytes, std::size_t{1});
    void* block = allocate_in_heap(wanted, alignment);
    while (block == nullptr && bytes < region.bytes && grow(bytes + alignment))
        block = allocate_in_heap(wanted, alignment);
    if (block == nullptr)
        errno = ENOMEM;
    return block;
}

void CoreHeap::free(void* block) noexcept {
    heap->deallocate(block);
}

std::size_t CoreHeap::usable_size(const void* block) noexcept {
    return heap->get_segment_manager()->size(block);
}

} // namespace rewind_example

using rewind_example::CoreHeap;

// glibc's own, which are still there under these names.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* block);

void* malloc(std::size_t bytes) {
    return CoreHeap::is_inside() ? CoreHeap::allocate(bytes, 1) : __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) {
    if (!CoreHeap::is_inside())
        return __libc_calloc(count, bytes);
    std::size_t all = 0;
    if (__builtin_mul_overflow(count, bytes, &all)) {
        errno = ENOMEM;
        return nullptr;
    }
    void* block = CoreHeap::allocate(all, 1);
    return block == nullptr ? nullptr : std::memset(block, 0, all);
}

void free(void* block) {
    if (CoreHeap::holds(block))
        CoreHeap::free(block);
    else
        __libc_free(block);
}

void* realloc(void* block, std::size_t bytes) {
    if (!CoreHeap::holds(block))
        return block == nullptr && CoreHeap::is_inside() ? malloc(bytes)
                                                         : __libc_realloc(block, bytes);
    const std::size_t had = CoreHeap::usable_size(block);
    if (bytes != 0 && bytes <= had)
        return block;
    void* larger = bytes == 0 ? nullptr : CoreHeap::allocate(bytes, 1);
    if (larger != nullptr)
        std::memcpy(larger, block, had);
    if (larger != nullptr || bytes == 0)
        CoreHeap::free(block);
    return larger;
}

void* memalign(std::size_t alignment, std::size_t bytes) {
    return CoreHeap::is_inside() ? CoreHeap::allocate(bytes, alignment)
                                 : __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
    return memalign(alignment, bytes);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
    void* made = memalign(alignment, bytes);
    if (made == nullptr)
        return ENOMEM;
    *block = made;
    return 0;
}

std::size_t malloc_usable_size(void* block) {
    // glibc's size is hidden: what fits for sure is what was asked for, and that
    // is known only here.
    return CoreHeap::holds(block) ? CoreHeap::usable_size(block) : 0;
}
}
