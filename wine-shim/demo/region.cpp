// SPDX-License-Identifier: MIT
#include "region.h"

#include <cstdio>

void must(bool succeeded, const char* call) {
    if (succeeded)
        return;
    std::fprintf(stderr, "writewatch-demo: %s failed: %s\n", call,
                 error_name(GetLastError()).c_str());
    ExitProcess(1);
}

Region::Region(size_t pages, DWORD type, DWORD protection, void* at)
    : base_(static_cast<char*>(VirtualAlloc(at, pages * page_bytes, type, protection))),
      pages_(pages) {}

size_t Region::page_number(const void* address) const {
    return static_cast<size_t>(static_cast<const char*>(address) - base_) / page_bytes;
}

void Region::commit(size_t first, size_t count) {
    must(VirtualAlloc(page(first), count * page_bytes, MEM_COMMIT, PAGE_READWRITE) != nullptr,
         "VirtualAlloc(MEM_COMMIT)");
}

void Region::decommit(size_t first, size_t count) {
    must(VirtualFree(page(first), count * page_bytes, MEM_DECOMMIT), "VirtualFree(MEM_DECOMMIT)");
}

void Region::decommit_all() {
    must(VirtualFree(base_, 0, MEM_DECOMMIT), "VirtualFree(0, MEM_DECOMMIT)");
}

void Region::protect(size_t first, size_t count, DWORD protection) {
    DWORD before;
    must(VirtualProtect(page(first), count * page_bytes, protection, &before), "VirtualProtect");
}

void Region::release() {
    if (base_ != nullptr)
        must(VirtualFree(base_, 0, MEM_RELEASE), "VirtualFree(MEM_RELEASE)");
    base_ = nullptr;
}

void Region::store(std::initializer_list<size_t> page_numbers) const {
    for (const size_t number : page_numbers)
        *static_cast<volatile char*>(page(number) + page_bytes / 2) = 1;
}

void Region::store_all() const {
    for (size_t number = 0; number < pages_; ++number)
        store({number});
}

void Region::load_all() const {
    for (size_t number = 0; number < pages_; ++number)
        static_cast<void>(*static_cast<volatile char*>(page(number)));
}

Answer query(void* base, size_t bytes, DWORD flags, size_t capacity) {
    Answer answer;
    // One more than asked for: Windows is never given a null array by accident.
    answer.addresses.resize(capacity + 1);
    ULONG_PTR count = capacity;
    DWORD granularity = 0;
    if (GetWriteWatch(flags, base, bytes, answer.addresses.data(), &count, &granularity) != 0) {
        answer.error = GetLastError();
        count = 0;
    }
    answer.addresses.resize(count);
    return answer;
}

Answer query(const Region& region, DWORD flags, size_t capacity) {
    return query(region.base(), region.pages() * page_bytes, flags, capacity);
}

void reset(const Region& region) {
    must(ResetWriteWatch(region.base(), region.pages() * page_bytes) == 0, "ResetWriteWatch");
}

std::string error_name(DWORD error) {
    switch (error) {
    case ERROR_INVALID_PARAMETER:
        return "INVALID_PARAMETER";
    case ERROR_NOACCESS:
        return "NOACCESS";
    default:
        return "error " + std::to_string(error);
    }
}

std::string text(const Region& region, const Answer& answer) {
    if (answer.error != ERROR_SUCCESS)
        return error_name(answer.error);
    std::string pages;
    for (const void* address : answer.addresses)
        pages += (pages.empty() ? "" : " ") + std::to_string(region.page_number(address));
    return "{" + pages + "}";
}

std::string dirty(const Region& region) {
    return text(region, query(region));
}

std::string dirty_then_reset(const Region& region, size_t capacity) {
    return text(region, query(region, WRITE_WATCH_FLAG_RESET, capacity));
}
