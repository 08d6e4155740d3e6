// SPDX-License-Identifier: MIT
// Watches eight pages and asks about them, as verify_test.cpp wants it: as the
// kernel says, or with one report lost. Prints where page 0 is.
#include "open_as_ntdll.h"
#include "standin.h"

#include <cstdio>
#include <cstring>

#include <dlfcn.h>

using namespace standin;

namespace {

constexpr SIZE_T kPage = 4096;
const HANDLE self = reinterpret_cast<HANDLE>(std::intptr_t{-1});
Control* control;

template<class Call>
Call entry(Number number) {
    return reinterpret_cast<Call>(control->table[number]);
}

void query(void* base, ULONG flags) {
    void* found[8];
    ULONG_PTR count = 8;
    ULONG granularity = 0;
    entry<Get>(kGet)(self, flags, base, 8 * kPage, found, &count, &granularity);
    std::printf(" %zu", static_cast<std::size_t>(count));
}

} // namespace

int main(int argc, char** argv) {
    void* ntdll = argc > 1 ? open_as_ntdll(argv[1]) : nullptr;
    if (ntdll == nullptr)
        return 2;
    control = reinterpret_cast<Control* (*)()>(dlsym(ntdll, "standin_control"))();
    auto* const lies = static_cast<int*>(dlsym(RTLD_DEFAULT, "kernel_lies"));

    void* base = nullptr;
    SIZE_T size = 8 * kPage;
    entry<Allocate>(kAllocate)(self, &base, 0, &size, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, 4);
    auto* const page = static_cast<volatile char*>(base);
    std::printf("%p", base);
    page[2 * kPage] = 1;
    page[5 * kPage] = 1;
    query(base, WRITE_WATCH_FLAG_RESET);
    page[2 * kPage] = 2;
    page[3 * kPage] = 3; // touched for the first time
    query(base, 0);
    if (lies != nullptr)
        *lies = argc > 2 && std::strcmp(argv[2], "lie") == 0;
    query(base, WRITE_WATCH_FLAG_RESET);
    if (lies != nullptr)
        *lies = 0;
    query(base, WRITE_WATCH_FLAG_RESET);
    // Zeros again, not by a write.
    void* part = base;
    size = 4 * kPage;
    entry<Free>(kFree)(self, &part, &size, MEM_DECOMMIT);
    entry<Allocate>(kAllocate)(self, &part, 0, &size, MEM_COMMIT, 4);
    query(base, WRITE_WATCH_FLAG_RESET);
    std::puts("");
}
