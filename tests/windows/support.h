// SPDX-License-Identifier: MIT
// What every case stands on: watched memory counted in pages, the native entry
// points, and the word on which Wine answers.
#pragma once

#include <windows.h>

#include <doctest.h>

#include <cstddef>
#include <initializer_list>
#include <vector>

constexpr size_t page_bytes = 4096;
using Pages = std::vector<size_t>;

namespace doctest {
template<>
struct StringMaker<Pages> {
    static String convert(const Pages& pages);
};
} // namespace doctest

// The suite runs twice: with the plugin, where every answer has to be Windows',
// and on stock Wine (WW_TEST_STOCK=1) as a reference. Where stock Wine is known
// to be wrong, a case names its wrong answer and who says so, and the reference
// run expects exactly that: it goes red on the day that stock Wine gets it right.
bool on_stock_wine();
void announce_stock_error(const char* source);

template<class T>
struct StockWrong {
    T answer;
    const char* source;
};

template<class T>
StockWrong<T> stock_wrong(T answer, const char* source) {
    return {answer, source};
}

template<class T>
T windows_says(T right, StockWrong<T> stock) {
    if (!on_stock_wine())
        return right;
    announce_stock_error(stock.source);
    return stock.answer;
}

// A 32-bit program on a 64-bit Wine: thunks on the Windows side translate its
// calls. They check some arguments themselves, and store results themselves,
// after the translated call: the same with the plugin and without.
inline constexpr bool on_thunks = WW_ON_THUNKS;

template<class T>
T thunks_say(T translated, T otherwise) {
    return on_thunks ? translated : otherwise;
}

struct Query {
    DWORD flags = 0;
    size_t first = 0;
    size_t page_count = ~size_t{0};
    size_t capacity = ~size_t{0};
};

// A private allocation made with MEM_WRITE_WATCH. Pages are numbered from its base.
class Watched {
public:
    explicit Watched(size_t page_count, DWORD type = MEM_RESERVE | MEM_COMMIT,
                     DWORD protect = PAGE_READWRITE);
    // Takes over memory that was allocated with MEM_WRITE_WATCH in some other way.
    Watched(void* base, size_t page_count);
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched() { VirtualFree(base_, 0, MEM_RELEASE); }

    char* at(size_t page, size_t offset = 0) const { return base_ + page * page_bytes + offset; }
    size_t page_count() const { return page_count_; }
    size_t bytes() const { return page_count_ * page_bytes; }

    void write(std::initializer_list<size_t> pages) const;
    void write_all() const;

    // A query that has to succeed. Also checks what holds for every answer:
    // ascending page addresses inside the range, nothing stored behind them.
    Pages query(Query query) const;
    Pages written() const { return query({}); }
    Pages take() const { return query({.flags = WRITE_WATCH_FLAG_RESET}); }
    void reset(size_t first, size_t page_count) const;

private:
    char* base_;
    size_t page_count_;
};

Pages page_range(size_t first, size_t last);

// ERROR_SUCCESS, or what GetLastError() says after a failed query of one page.
DWORD query_error(void* page);

DWORD protect(void* base, size_t bytes, DWORD protection);

// NTSTATUS is handled as the DWORD that winnt.h declares the constants with.
using NtAllocateVirtualMemory = DWORD(NTAPI*)(HANDLE, void** base, ULONG_PTR zero_bits,
                                              SIZE_T* bytes, ULONG type, ULONG protect);
using NtFreeVirtualMemory = DWORD(NTAPI*)(HANDLE, void** base, SIZE_T* bytes, ULONG type);
using NtGetWriteWatch = DWORD(NTAPI*)(HANDLE, ULONG flags, void* base, SIZE_T bytes,
                                      void** addresses, ULONG_PTR* count, ULONG* granularity);
using NtResetWriteWatch = DWORD(NTAPI*)(HANDLE, void* base, SIZE_T bytes);
using NtQuerySystemTime = DWORD(NTAPI*)(LARGE_INTEGER*);

struct Native {
    NtAllocateVirtualMemory allocate;
    NtFreeVirtualMemory free;
    NtGetWriteWatch get;
    NtResetWriteWatch reset;
    NtQuerySystemTime query_system_time;
};
const Native& native();

template<class Function>
Function procedure(const char* module, const char* name) {
    const FARPROC found = GetProcAddress(GetModuleHandleA(module), name);
    REQUIRE_MESSAGE((found != nullptr), name); // parentheses: doctest cannot print it
    return reinterpret_cast<Function>(reinterpret_cast<void*>(found));
}
