// SPDX-License-Identifier: MIT
// The Nt entry points of ntdll, which allocators and runtimes call directly.
#include "support.h"

namespace {

constexpr DWORD success = 0;
constexpr DWORD watched = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;

const char* const decommit_keeps =
    "8.0 keeps the state of decommitted pages; kernel32/tests/virtual.c, "
    "test_write_watch, marks it todo_wine";

struct RealHandle {
    HANDLE handle = OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId());
    RealHandle() { REQUIRE(handle != nullptr); }
    ~RealHandle() { CloseHandle(handle); }
};

Pages native_query(HANDLE process, const Watched& memory, ULONG flags) {
    void* found[64];
    ULONG_PTR count = 64;
    DWORD granularity = 0;
    REQUIRE(native().get(process, flags, memory.at(0), memory.bytes(), found, &count,
                         &granularity) == success);
    CHECK(granularity == page_bytes);
    Pages pages;
    for (size_t i = 0; i < count; ++i)
        pages.push_back(static_cast<size_t>(static_cast<char*>(found[i]) - memory.at(0)) /
                        page_bytes);
    return pages;
}

} // namespace

TEST_CASE("NtGetWriteWatch and NtResetWriteWatch: the same watch as kernel32's") {
    const Watched memory(8);
    memory.write({1, 2});
    CHECK(native_query(GetCurrentProcess(), memory, 0) == Pages{1, 2});
    REQUIRE(native().reset(GetCurrentProcess(), memory.at(1), page_bytes) == success);
    CHECK(memory.written() == Pages{2});
    CHECK(native_query(GetCurrentProcess(), memory, WRITE_WATCH_FLAG_RESET) == Pages{2});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("NtGetWriteWatch: a real handle to this process works like the pseudo handle") {
    const RealHandle self;
    const Watched memory(8);
    memory.write({5});
    CHECK(native_query(self.handle, memory, WRITE_WATCH_FLAG_RESET) == Pages{5});
    REQUIRE(native().reset(self.handle, memory.at(0), memory.bytes()) == success);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("NtAllocateVirtualMemory: gives back the rounded size, and watches that much") {
    void* base = nullptr;
    SIZE_T bytes = 2 * page_bytes + 1;
    REQUIRE(native().allocate(GetCurrentProcess(), &base, 0, &bytes, watched, PAGE_READWRITE) ==
            success);
    CHECK(bytes == 3 * page_bytes);
    const Watched memory(base, 3);
    memory.write({0, 2});
    CHECK(memory.take() == Pages{0, 2});
    CHECK(query_error(memory.at(3)) == ERROR_INVALID_PARAMETER);
}

TEST_CASE("NtAllocateVirtualMemory: a base is rounded down, and the watch begins there") {
    constexpr size_t granularity = 0x10000;
    char* const place =
        static_cast<char*>(VirtualAlloc(nullptr, granularity, MEM_RESERVE, PAGE_NOACCESS));
    REQUIRE(VirtualFree(place, 0, MEM_RELEASE));
    void* base = place + 5 * page_bytes + 7;
    SIZE_T bytes = page_bytes;
    REQUIRE(native().allocate(GetCurrentProcess(), &base, 0, &bytes, watched, PAGE_READWRITE) ==
            success);
    CHECK(base == place);
    const Watched memory(base, bytes / page_bytes);
    CHECK(memory.page_count() == 7);
    memory.write({0, 6});
    CHECK(memory.take() == Pages{0, 6});
}

TEST_CASE("NtAllocateVirtualMemory: a limit on the address is kept") {
    // zero_bits above 31 is a mask of the address bits that may be set; for 32 bit
    // it is always a number of bits.
    constexpr bool wide = sizeof(void*) == 8;
    constexpr ULONG_PTR limit = wide ? 0x80000000 : 0x40000000;
    void* base = nullptr;
    SIZE_T bytes = 4 * page_bytes;
    REQUIRE(native().allocate(GetCurrentProcess(), &base, wide ? limit - 1 : 2, &bytes, watched,
                              PAGE_READWRITE) == success);
    CHECK(reinterpret_cast<ULONG_PTR>(base) < limit);
    const Watched memory(base, 4);
    memory.write({3});
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("NtFreeVirtualMemory: decommit gives back the rounded range, and clears it") {
    const Watched memory(8);
    memory.write({1, 2, 3, 4});
    void* base = memory.at(2, 100);
    SIZE_T bytes = page_bytes;
    REQUIRE(native().free(GetCurrentProcess(), &base, &bytes, MEM_DECOMMIT) == success);
    CHECK(base == memory.at(2));
    CHECK(bytes == 2 * page_bytes);
    CHECK(memory.take() ==
          windows_says(Pages{1, 4}, stock_wrong(Pages{1, 2, 3, 4}, decommit_keeps)));
}

TEST_CASE("NtFreeVirtualMemory: release gives back base and size, and the watch ends") {
    void* base = VirtualAlloc(nullptr, 3 * page_bytes, watched, PAGE_READWRITE);
    REQUIRE(base);
    void* const before = base;
    SIZE_T bytes = 0;
    REQUIRE(native().free(GetCurrentProcess(), &base, &bytes, MEM_RELEASE) == success);
    CHECK(base == before);
    CHECK(bytes == 3 * page_bytes);
    CHECK(query_error(before) == ERROR_INVALID_PARAMETER);
}

TEST_CASE("VirtualAlloc2 (NtAllocateVirtualMemoryEx): watched as well") {
    // Newer than the import libraries of mingw-w64 10.
    using VirtualAlloc2 = void*(WINAPI*)(HANDLE, void*, SIZE_T, ULONG, ULONG, void*, ULONG);
    const auto allocate = procedure<VirtualAlloc2>("kernelbase.dll", "VirtualAlloc2");
    const Watched memory(
        allocate(GetCurrentProcess(), nullptr, 8 * page_bytes, watched, PAGE_READWRITE, nullptr, 0),
        8);
    CHECK(memory.written() == Pages{});
    memory.write({3});
    CHECK(memory.take() == Pages{3});
    CHECK(memory.written() == Pages{});
}

// Through a real handle to this process Wine works on its memory without the
// system-call table that the plugin takes over.

TEST_CASE("allocated through a real handle: watched") {
    const RealHandle self;
    const Watched memory(
        VirtualAllocEx(self.handle, nullptr, 8 * page_bytes, watched, PAGE_READWRITE), 8);
    memory.write({3});
    CHECK(memory.take() == Pages{3});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("released through a real handle: not watched any more") {
    const RealHandle self;
    void* const base = VirtualAlloc(nullptr, 8 * page_bytes, watched, PAGE_READWRITE);
    REQUIRE(VirtualFreeEx(self.handle, base, 0, MEM_RELEASE));
    CHECK(query_error(base) == ERROR_INVALID_PARAMETER);
    CHECK(native().reset(self.handle, base, page_bytes) == DWORD(STATUS_INVALID_PARAMETER));
}

TEST_CASE("release through a handle without the right to: refused, state and watch stay") {
    const HANDLE self = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId());
    REQUIRE(self);
    const Watched memory(8);
    memory.write({3});
    CHECK_FALSE(VirtualFreeEx(self, memory.at(0), 0, MEM_RELEASE));
    CHECK(GetLastError() == ERROR_ACCESS_DENIED);
    CloseHandle(self);
    CHECK(memory.take() == Pages{3});
    memory.write({4});
    CHECK(memory.take() == Pages{4});
}

TEST_CASE("protected through a real handle: latched like any other") {
    const RealHandle self;
    const Watched memory(8);
    memory.write({3});
    DWORD before = 0;
    REQUIRE(VirtualProtectEx(self.handle, memory.at(0), 4 * page_bytes, PAGE_READONLY, &before));
    CHECK(before == PAGE_READWRITE);
    memory.write({5});
    REQUIRE(VirtualFreeEx(self.handle, memory.at(0), memory.bytes(), MEM_DECOMMIT));
    CHECK(memory.take() == windows_says(Pages{3}, stock_wrong(Pages{3, 5}, decommit_keeps)));
}

#if !WW_ON_THUNKS // which store it themselves, after the call
TEST_CASE("VirtualProtect whose result cannot be stored: refused, the protection as it was") {
    auto* const read_only = static_cast<DWORD*>(
        VirtualAlloc(nullptr, page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY));
    const Watched memory(8);
    memory.write({3});
    CHECK_FALSE(VirtualProtect(memory.at(0), memory.bytes(), PAGE_READONLY, read_only));
    CHECK(GetLastError() == ERROR_NOACCESS);
    DWORD before = 0;
    REQUIRE(VirtualProtect(memory.at(0), memory.bytes(), PAGE_READWRITE, &before));
    CHECK(before == windows_says<DWORD>(PAGE_READWRITE,
                                        stock_wrong<DWORD>(PAGE_READONLY, "protects first (8.0, measured)")));
    CHECK(memory.take() == Pages{3});
    VirtualFree(read_only, 0, MEM_RELEASE);
}
#endif

TEST_CASE("released through a real handle, used again unwatched: not watched") {
    const RealHandle self;
    void* const base = VirtualAlloc(nullptr, 8 * page_bytes, watched, PAGE_READWRITE);
    REQUIRE(VirtualFreeEx(self.handle, base, 0, MEM_RELEASE));
    REQUIRE(VirtualAlloc(base, 8 * page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == base);
    CHECK(query_error(base) == ERROR_INVALID_PARAMETER);
    VirtualFree(base, 0, MEM_RELEASE);
}

TEST_CASE("decommitted through a real handle and committed: starts clean and is watched") {
    const RealHandle self;
    const Watched memory(8);
    memory.write({3, 5});
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .first = 5}) == Pages{5});
    REQUIRE(VirtualFreeEx(self.handle, memory.at(3), 3 * page_bytes, MEM_DECOMMIT));
    REQUIRE(VirtualAlloc(memory.at(3), 3 * page_bytes, MEM_COMMIT, PAGE_READWRITE));
    CHECK(memory.take() == windows_says(Pages{}, stock_wrong(Pages{3}, decommit_keeps)));
    memory.write({4});
    CHECK(memory.take() == Pages{4});
    CHECK(memory.written() == Pages{});
}
