// SPDX-License-Identifier: MIT
#include "support.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

namespace doctest {
String StringMaker<Pages>::convert(const Pages& pages) {
    constexpr size_t shown = 24;
    std::string text = "{";
    for (size_t i = 0; i < std::min(pages.size(), shown); ++i)
        text += (i ? " " : "") + std::to_string(pages[i]);
    if (pages.size() > shown)
        text += " ... " + std::to_string(pages.size()) + " pages";
    return (text + "}").c_str();
}
} // namespace doctest

bool on_stock_wine() {
    static const bool stock = [] {
        const char* set = std::getenv("WW_TEST_STOCK");
        return set && std::strcmp(set, "1") == 0;
    }();
    return stock;
}

void announce_stock_error(const char* source) {
    MESSAGE("stock Wine is wrong here: ", std::string(source));
}

Watched::Watched(size_t page_count, DWORD type, DWORD protect)
    : Watched(VirtualAlloc(nullptr, page_count * page_bytes, type | MEM_WRITE_WATCH, protect),
              page_count) {}

Watched::Watched(void* base, size_t page_count)
    : base_(static_cast<char*>(base)), page_count_(page_count) {
    REQUIRE(base_);
}

void Watched::write(std::initializer_list<size_t> pages) const {
    for (const size_t page : pages)
        *static_cast<volatile char*>(at(page)) = 1;
}

void Watched::write_all() const {
    for (size_t page = 0; page < page_count_; ++page)
        write({page});
}

Pages Watched::query(Query query) const {
    const size_t pages = std::min(query.page_count, page_count_ - query.first);
    const size_t capacity = std::min(query.capacity, pages);
    void* const untouched = reinterpret_cast<void*>(0x5a5a5a5a);
    std::vector<void*> found(capacity + 1, untouched);
    ULONG_PTR count = capacity;
    DWORD granularity = 0;

    SetLastError(ERROR_SUCCESS);
    const UINT failed = GetWriteWatch(query.flags, at(query.first), pages * page_bytes,
                                      found.data(), &count, &granularity);
    REQUIRE_MESSAGE(failed == 0, "GetWriteWatch: error ", GetLastError());
    REQUIRE(count <= capacity);
    CHECK(granularity == page_bytes);
    CHECK(std::count(found.begin() + static_cast<ptrdiff_t>(count), found.end(), untouched) ==
          static_cast<ptrdiff_t>(capacity + 1 - count));

    Pages numbers;
    for (size_t i = 0; i < count; ++i) {
        const size_t offset = static_cast<size_t>(static_cast<char*>(found[i]) - base_);
        REQUIRE(offset % page_bytes == 0);
        numbers.push_back(offset / page_bytes);
    }
    CHECK_MESSAGE(std::adjacent_find(numbers.begin(), numbers.end(),
                                     std::greater_equal<size_t>{}) == numbers.end(),
                  "page addresses are not strictly ascending");
    return numbers;
}

void Watched::reset(size_t first, size_t page_count) const {
    REQUIRE(ResetWriteWatch(at(first), page_count * page_bytes) == 0);
}

Pages page_range(size_t first, size_t last) {
    Pages pages;
    for (size_t page = first; page <= last; ++page)
        pages.push_back(page);
    return pages;
}

DWORD query_error(void* page) {
    void* found = nullptr;
    ULONG_PTR count = 1;
    DWORD granularity = 0;
    SetLastError(ERROR_SUCCESS);
    const UINT failed = GetWriteWatch(0, page, page_bytes, &found, &count, &granularity);
    return failed ? GetLastError() : ERROR_SUCCESS;
}

DWORD protect(void* base, size_t bytes, DWORD protection) {
    DWORD before = 0;
    REQUIRE(VirtualProtect(base, bytes, protection, &before));
    return before;
}

const Native& native() {
    static const Native entries = {
        procedure<NtAllocateVirtualMemory>("ntdll.dll", "NtAllocateVirtualMemory"),
        procedure<NtFreeVirtualMemory>("ntdll.dll", "NtFreeVirtualMemory"),
        procedure<NtGetWriteWatch>("ntdll.dll", "NtGetWriteWatch"),
        procedure<NtResetWriteWatch>("ntdll.dll", "NtResetWriteWatch"),
        procedure<NtQuerySystemTime>("ntdll.dll", "NtQuerySystemTime"),
    };
    return entries;
}
