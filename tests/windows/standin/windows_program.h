// SPDX-License-Identifier: MIT
// This test program in the part of a Windows program: it reaches the stand-in's
// ntdll.so by its system-call table only, with the plugin preloaded.
#pragma once

#include "standin.h"

#include <doctest/doctest.h>

#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <vector>

namespace standin {

constexpr SIZE_T kPage = 4096;
constexpr ULONG kReadWrite = 4;
constexpr ULONG kWatched = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;
using Pages = std::vector<std::size_t>;

extern Control* control;

// The function that stands in the table now.
template<class Call>
Call entry(Number number) {
    return reinterpret_cast<Call>(control->table[number]);
}

HANDLE self();
NTSTATUS allocate(void** base, SIZE_T* size, ULONG type, ULONG protect = kReadWrite);
NTSTATUS free_memory(void* base, SIZE_T size, ULONG type);

// Tells whose write watches serve the memory; 0 if nobody's do.
ULONG granularity_at(void* base, SIZE_T size);

// Write-watched memory, its pages numbered from its base.
class Watched {
public:
    explicit Watched(std::size_t pages, ULONG type = kWatched, void* base = nullptr);
    Watched(const Watched&) = delete;
    ~Watched() { free_memory(base_, 0, MEM_RELEASE); }

    char* at(std::size_t page) const { return static_cast<char*>(base_) + page * kPage; }
    void* base() const { return base_; }
    SIZE_T bytes() const { return pages_ * kPage; }
    void write(std::size_t page) const { *static_cast<volatile char*>(at(page)) = 1; }

    NTSTATUS query(Pages& pages, ULONG flags = 0, std::size_t capacity = 64) const;
    Pages dirty(ULONG flags = 0, std::size_t capacity = 64) const;
    Pages take(std::size_t capacity = 64) const { return dirty(WRITE_WATCH_FLAG_RESET, capacity); }

private:
    void* base_;
    std::size_t pages_;
};

// Memory for results, of which a page can be made read-only.
class Array {
public:
    explicit Array(std::size_t pages);
    Array(const Array&) = delete;
    ~Array();
    void** data() const { return static_cast<void**>(memory_); }
    void forbid(std::size_t page) const; // to write
    void hide(std::size_t page) const;   // altogether

private:
    std::size_t bytes_;
    void* memory_;
};

// As Wine does: a fault inside a system call leads straight back to the caller.
inline sigjmp_buf fault;

template<class Call>
NTSTATUS unwinding(Call call) {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) { siglongjmp(fault, 1); };
    sigaction(SIGSEGV, &action, &before);
    const NTSTATUS status = sigsetjmp(fault, 1) == 0 ? call() : STATUS_ACCESS_VIOLATION;
    sigaction(SIGSEGV, &before, nullptr);
    return status;
}

} // namespace standin

namespace doctest {
template<>
struct StringMaker<standin::Pages> {
    static String convert(const standin::Pages& pages);
};
} // namespace doctest
