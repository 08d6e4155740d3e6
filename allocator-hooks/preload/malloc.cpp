// SPDX-License-Identifier: MIT
// malloc and its family for a whole program. Nothing here may allocate other
// than by mimalloc: the first call comes before anything of the program, or of
// libc, is set up.
#include "heap.h"

#include "../mimalloc_aligned.h"
#include "../region.h"

#include <cerrno>
#include <cstddef>
#include <mimalloc.h>

namespace {

// free(3) keeps errno; mimalloc may give memory back to the system.
class KeepErrno {
public:
    KeepErrno() noexcept : saved_(errno) {}
    ~KeepErrno() { errno = saved_; }
    KeepErrno(const KeepErrno&) = delete;
    KeepErrno& operator=(const KeepErrno&) = delete;

private:
    int saved_;
};

void* no_memory() noexcept {
    errno = ENOMEM;
    return nullptr;
}

bool is_power_of_2(std::size_t n) noexcept {
    return n != 0 && (n & (n - 1)) == 0;
}

} // namespace

#define WW_MALLOC extern "C" __attribute__((visibility("default")))

WW_MALLOC void* malloc(std::size_t bytes) noexcept {
    ww::hooks::begin();
    return mi_malloc(bytes);
}
WW_MALLOC void* calloc(std::size_t count, std::size_t bytes) noexcept {
    std::size_t all = 0;
    if (__builtin_mul_overflow(count, bytes, &all))
        return no_memory();
    ww::hooks::begin();
    return mi_zalloc(all);
}
WW_MALLOC void* realloc(void* block, std::size_t bytes) noexcept {
    ww::hooks::begin();
    // glibc frees; mimalloc would give a small block.
    if (block != nullptr && bytes == 0) {
        const KeepErrno keep;
        mi_free(block);
        return nullptr;
    }
    return mi_realloc(block, bytes);
}
WW_MALLOC void* reallocarray(void* block, std::size_t count, std::size_t bytes) noexcept {
    std::size_t all = 0;
    if (__builtin_mul_overflow(count, bytes, &all))
        return no_memory();
    return realloc(block, all);
}
WW_MALLOC void free(void* block) noexcept {
    const KeepErrno keep;
    mi_free(block);
}
WW_MALLOC void cfree(void* block) noexcept {
    free(block);
}
WW_MALLOC void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    if (!is_power_of_2(alignment)) {
        errno = EINVAL;
        return nullptr;
    }
    ww::hooks::begin();
    return ww::hooks::aligned_block(alignment, [=](std::size_t offset) {
        return mi_malloc_aligned_at(bytes, alignment, offset);
    });
}
WW_MALLOC void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    return memalign(alignment, bytes);
}
WW_MALLOC int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) noexcept {
    const KeepErrno keep;
    if (!is_power_of_2(alignment) || alignment % sizeof(void*) != 0)
        return EINVAL;
    void* made = memalign(alignment, bytes);
    if (made == nullptr)
        return ENOMEM;
    *block = made;
    return 0;
}
WW_MALLOC void* valloc(std::size_t bytes) noexcept {
    return memalign(ww::hooks::page_bytes(), bytes);
}
WW_MALLOC void* pvalloc(std::size_t bytes) noexcept {
    const std::size_t page = ww::hooks::page_bytes();
    if (bytes > static_cast<std::size_t>(-1) - page)
        return no_memory();
    return memalign(page, (bytes + page - 1) / page * page);
}
WW_MALLOC std::size_t malloc_usable_size(void* block) noexcept {
    return mi_usable_size(block);
}
