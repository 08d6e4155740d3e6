// SPDX-License-Identifier: MIT
#include "windows_program.h"

#include "open_as_ntdll.h"

#include <writewatch/writewatch.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <dlfcn.h>
#include <sys/mman.h>

namespace standin {

Control* control;

HANDLE self() {
    return reinterpret_cast<HANDLE>(std::intptr_t{-1});
}

NTSTATUS allocate(void** base, SIZE_T* size, ULONG type, ULONG protect) {
    return entry<Allocate>(kAllocate)(self(), base, 0, size, type, protect);
}

NTSTATUS free_memory(void* base, SIZE_T size, ULONG type) {
    return entry<Free>(kFree)(self(), &base, &size, type);
}

ULONG granularity_at(void* base, SIZE_T size) {
    void* found[1];
    ULONG_PTR count = 1;
    ULONG granularity = 0;
    entry<Get>(kGet)(self(), 0, base, size, found, &count, &granularity);
    return granularity;
}

Watched::Watched(std::size_t pages, ULONG type, void* base) : base_(base), pages_(pages) {
    SIZE_T size = bytes();
    REQUIRE(allocate(&base_, &size, type) == STATUS_SUCCESS);
    REQUIRE(size == bytes());
}

NTSTATUS Watched::query(Pages& pages, ULONG flags, std::size_t capacity) const {
    std::vector<void*> found(capacity);
    ULONG_PTR count = capacity;
    ULONG granularity = 0;
    const NTSTATUS status =
        entry<Get>(kGet)(self(), flags, base_, bytes(), found.data(), &count, &granularity);
    if (status != STATUS_SUCCESS)
        return status;
    CHECK(granularity == kPage);
    pages.clear();
    for (std::size_t i = 0; i < count; ++i)
        pages.push_back(static_cast<std::size_t>(static_cast<char*>(found[i]) - at(0)) / kPage);
    return status;
}

Pages Watched::dirty(ULONG flags, std::size_t capacity) const {
    Pages pages;
    CHECK(query(pages, flags, capacity) == STATUS_SUCCESS);
    return pages;
}

Array::Array(std::size_t pages)
    : bytes_(pages * kPage),
      memory_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(memory_ != MAP_FAILED);
}

Array::~Array() {
    munmap(memory_, bytes_);
}

void Array::forbid(std::size_t page) const {
    mprotect(static_cast<char*>(memory_) + page * kPage, kPage, PROT_READ);
}

void Array::hide(std::size_t page) const {
    mprotect(static_cast<char*>(memory_) + page * kPage, kPage, PROT_NONE);
}

} // namespace standin

doctest::String doctest::StringMaker<standin::Pages>::convert(const standin::Pages& pages) {
    std::string text = "{";
    for (const std::size_t page : pages)
        text += " " + std::to_string(page);
    return (text + " }").c_str();
}

int main(int argc, char** argv) {
    const char* path = std::getenv("WW_STANDIN");
    void* ntdll = path != nullptr ? standin::open_as_ntdll(path) : nullptr;
    if (ntdll == nullptr) {
        std::fprintf(stderr, "WW_STANDIN has to name a stand-in ntdll.so\n");
        return 1;
    }
    using standin::control;
    control = reinterpret_cast<standin::Control* (*)()>(dlsym(ntdll, "standin_control"))();
    if (control->table[standin::kGet] == dlsym(ntdll, "NtGetWriteWatch")) {
        char reason[WW_REASON_BYTES];
        const bool can_serve = ww_probe(reason, sizeof reason) == WW_BACKEND_PAGEMAP_SCAN;
        std::fprintf(stderr, can_serve ? "the plugin stood aside%s\n" : "skipped: %s\n", reason);
        return can_serve ? 1 : 77;
    }
    return doctest::Context(argc, argv).run();
}
