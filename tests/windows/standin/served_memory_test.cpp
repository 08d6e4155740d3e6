// SPDX-License-Identifier: MIT
// What a Windows program does to its memory, through the plugin.
#include "windows_program.h"

#include <dlfcn.h>
#include <sys/resource.h>

using namespace standin;

// First of all (cases run in the order of files and lines), as it needs a process that has not
// watched anything yet.
TEST_CASE("no descriptors left: Wine's own write watches serve, until there are some again") {
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlimit none{0, limit.rlim_max};
    void* base = nullptr;
    SIZE_T size = 4 * kPage;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    const NTSTATUS status = allocate(&base, &size, kWatched);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    REQUIRE(status == STATUS_SUCCESS);
    CHECK(control->last_type == kWatched);
    CHECK(control->views == 1);
    CHECK(granularity_at(base, size) == kOwnGranularity);
    free_memory(base, 0, MEM_RELEASE);
    const Watched memory{4};
    CHECK(granularity_at(memory.base(), memory.bytes()) == kPage);
}

TEST_CASE("reserve with write watch: Wine does not see the flag") {
    const Watched memory{4};
    CHECK(control->last_type == (MEM_RESERVE | MEM_COMMIT));
}

TEST_CASE("reserve with write watch by the Ex call: watched, too") {
    void* base = nullptr;
    SIZE_T size = 2 * kPage;
    REQUIRE(entry<AllocateEx>(kAllocateEx)(self(), &base, &size, kWatched, kReadWrite, nullptr,
                                           0) == STATUS_SUCCESS);
    *static_cast<char*>(base) = 1;
    void* found[2];
    ULONG_PTR count = 2;
    ULONG granularity = 0;
    CHECK(entry<Get>(kGet)(self(), 0, base, size, found, &count, &granularity) == STATUS_SUCCESS);
    CHECK(count == 1);
    CHECK(granularity == kPage);
    free_memory(base, 0, MEM_RELEASE);
}

TEST_CASE("reserve only: clean, and pages committed later are watched") {
    const Watched memory{16, MEM_RESERVE | MEM_WRITE_WATCH};
    CHECK(memory.dirty() == Pages{});
    void* base = memory.at(4);
    SIZE_T size = 2 * kPage;
    REQUIRE(allocate(&base, &size, MEM_COMMIT) == STATUS_SUCCESS);
    CHECK(memory.dirty() == Pages{});
    memory.write(5);
    CHECK(memory.dirty() == Pages{5});
}

TEST_CASE("write watch without reserve, or with a reset: refused, though Wine lets it pass") {
    const Watched memory{4};
    memory.write(3);
    for (const ULONG type :
         {MEM_COMMIT | MEM_WRITE_WATCH, MEM_RESET | MEM_WRITE_WATCH, kWatched | MEM_RESET}) {
        for (void* const place : {static_cast<void*>(nullptr), memory.base()}) {
            void* base = place;
            SIZE_T size = kPage;
            CHECK(allocate(&base, &size, type) == STATUS_INVALID_PARAMETER);
            CHECK(base == place);
            CHECK(size == kPage);
        }
    }
    CHECK(memory.dirty() == Pages{3});
}

TEST_CASE("flags that Wine refuses: refused with write watch, too") {
    constexpr ULONG kLargePages = 0x20000000;
    void* base = nullptr;
    SIZE_T size = kPage;
    CHECK(allocate(&base, &size, kWatched | kLargePages) == STATUS_INVALID_PARAMETER);
    CHECK(control->last_type == (kWatched | kLargePages));
    CHECK(base == nullptr);
    CHECK(size == kPage);
    CHECK(allocate(&base, &size, kWatched, 0x08 /* WRITECOPY */) == 0xC0000045);
}

TEST_CASE("another process's memory: Wine's own, with the flag") {
    void* base = nullptr;
    SIZE_T size = kPage;
    const auto other = reinterpret_cast<HANDLE>(std::intptr_t{0x44});
    CHECK(entry<Allocate>(kAllocate)(other, &base, 0, &size, kWatched, kReadWrite) == 0xC0000008);
    CHECK(control->last_type == kWatched);
}

TEST_CASE("decommit: the part is clean, the rest as it was, and writes count again") {
    const Watched memory{8};
    memory.write(1);
    memory.write(4);
    CHECK(free_memory(memory.at(4), kPage, MEM_DECOMMIT) == STATUS_SUCCESS);
    CHECK(memory.dirty() == Pages{1});
    void* base = memory.at(4);
    SIZE_T size = kPage;
    REQUIRE(allocate(&base, &size, MEM_COMMIT) == STATUS_SUCCESS);
    CHECK(memory.take() == Pages{1});
    memory.write(4);
    CHECK(memory.take() == Pages{4});
    CHECK(memory.take() == Pages{});
}

TEST_CASE("decommit, commit and a load: still clean") {
    const Watched memory{8};
    CHECK(free_memory(memory.at(4), kPage, MEM_DECOMMIT) == STATUS_SUCCESS);
    void* base = memory.at(4);
    SIZE_T size = kPage;
    REQUIRE(allocate(&base, &size, MEM_COMMIT) == STATUS_SUCCESS);
    CHECK(*static_cast<volatile char*>(memory.at(4)) == 0);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("decommit of size 0: the whole allocation is clean") {
    const Watched memory{8};
    memory.write(0);
    memory.write(7);
    CHECK(free_memory(memory.base(), 0, MEM_DECOMMIT) == STATUS_SUCCESS);
    CHECK(memory.dirty() == Pages{});
    void* base = memory.base();
    SIZE_T size = memory.bytes();
    REQUIRE(allocate(&base, &size, MEM_COMMIT) == STATUS_SUCCESS);
    memory.write(7);
    CHECK(memory.take() == Pages{7});
}

TEST_CASE("MEM_RESET: keeps contents and written pages; its own errors come from Wine") {
    const Watched memory{8};
    memory.write(2);
    const auto reset = [&](void* base, SIZE_T size, ULONG type, ULONG_PTR zero_bits) {
        return entry<Allocate>(kAllocate)(self(), &base, zero_bits, &size, type, kReadWrite);
    };
    CHECK(reset(memory.base(), memory.bytes(), MEM_RESET, 0) == STATUS_SUCCESS);
    CHECK(*memory.at(2) == 1);
    CHECK(memory.dirty() == Pages{2});
    CHECK(reset(memory.base(), memory.bytes() + kPage, MEM_RESET, 0) == STATUS_NOT_MAPPED_VIEW);
    CHECK(reset(memory.base(), kPage, MEM_RESET, 25) == 0xC00000F1);
    CHECK(reset(memory.base(), kPage, MEM_RESET | 0x40000000, 0) == STATUS_INVALID_PARAMETER);
    CHECK(reset(memory.at(0) + 1, 0, MEM_RESET, 0) == STATUS_INVALID_PARAMETER);
}

TEST_CASE("MEM_RESET of more than lies between the plugin and the end of the addresses") {
    constexpr std::size_t pages = sizeof(void*) == 8 ? std::size_t{1} << 29 : 1 << 16;
    const Watched memory{pages, MEM_RESERVE | MEM_WRITE_WATCH};
    void* base = memory.base();
    SIZE_T size = memory.bytes();
    CHECK(allocate(&base, &size, MEM_RESET) == STATUS_SUCCESS);
    CHECK(base == memory.base());
    CHECK(size == memory.bytes());
}

TEST_CASE("release: no longer watched, and memory that follows at its place is not") {
    void* place;
    {
        const Watched memory{16};
        memory.write(1);
        place = memory.base();
    }
    void* base = place;
    SIZE_T size = 16 * kPage;
    REQUIRE(allocate(&base, &size, MEM_RESERVE | MEM_COMMIT) == STATUS_SUCCESS);
    void* found[16];
    ULONG_PTR count = 16;
    ULONG granularity = 0;
    CHECK(entry<Get>(kGet)(self(), 0, base, size, found, &count, &granularity) ==
          STATUS_INVALID_PARAMETER);
    free_memory(base, 0, MEM_RELEASE);
}

TEST_CASE("release and reserve again with write watch: starts clean") {
    void* place;
    {
        const Watched memory{16};
        memory.write(1);
        place = memory.base();
    }
    const Watched again{16, kWatched, place};
    CHECK(again.dirty() == Pages{});
    again.write(2);
    CHECK(again.dirty() == Pages{2});
}

TEST_CASE("release: forgotten before the addresses can reach another thread") {
    static const Watched* released;
    static NTSTATUS status;
    const Watched memory{4};
    memory.write(1);
    released = &memory;
    control->after_unmapping = [] {
        control->after_unmapping = nullptr;
        Pages pages;
        status = released->query(pages);
    };
    CHECK(free_memory(memory.base(), 0, MEM_RELEASE) == STATUS_SUCCESS);
    CHECK(status == STATUS_INVALID_PARAMETER);
}

TEST_CASE("release that fails: the watch lives on, with what was written and what was not") {
    const Watched memory{8};
    memory.write(0);
    memory.write(1);
    CHECK(memory.take() == Pages{0, 1});
    memory.write(1);
    memory.write(5);
    control->fail_next_release = 0xC000001F;
    CHECK(free_memory(memory.base(), 0, MEM_RELEASE) == 0xC000001F);
    CHECK(memory.take() == Pages{1, 5});
    CHECK(free_memory(memory.at(2), 0, MEM_RELEASE) == 0xC000009F);
    memory.write(7);
    CHECK(memory.take() == Pages{7});
}

TEST_CASE("release of a part that fails: the watch is whole again") {
    const Watched memory{8};
    memory.write(3);
    control->fail_next_release = 0xC000001F;
    CHECK(free_memory(memory.at(2), 3 * kPage, MEM_RELEASE) == 0xC000001F);
    CHECK(memory.dirty() == Pages{3});
}

TEST_CASE("release of a part: both sides stay watched, a query across is refused") {
    const Watched memory{8};
    memory.write(1);
    memory.write(6);
    CHECK(free_memory(memory.at(3), 2 * kPage, MEM_RELEASE) == STATUS_SUCCESS);
    Pages pages;
    CHECK(memory.query(pages) == STATUS_INVALID_PARAMETER);
    void* found[3];
    ULONG_PTR count = 3;
    ULONG granularity = 0;
    CHECK(entry<Get>(kGet)(self(), 0, memory.at(5), 3 * kPage, found, &count, &granularity) ==
          STATUS_SUCCESS);
    CHECK(count == 1);
    CHECK(found[0] == memory.at(6));
    free_memory(memory.at(5), 0, MEM_RELEASE);
}

TEST_CASE("memory released behind the plugin's back: the next reserve there is not watched") {
    void* place;
    {
        const Watched memory{16};
        place = memory.base();
        // As the target of another process's VirtualFreeEx: by no table.
        const auto direct = reinterpret_cast<Free>(dlsym(RTLD_DEFAULT, "NtFreeVirtualMemory"));
        REQUIRE((direct != nullptr));
        void* base = place;
        SIZE_T size = 0;
        REQUIRE(direct(self(), &base, &size, MEM_RELEASE) == STATUS_SUCCESS);
        SIZE_T plain = 16 * kPage;
        REQUIRE(allocate(&base, &plain, MEM_RESERVE | MEM_COMMIT) == STATUS_SUCCESS);
        Pages pages;
        CHECK(memory.query(pages) == STATUS_INVALID_PARAMETER);
    }
}

TEST_CASE("write watches of Wine's own: served by Wine") {
    // As another process's VirtualAllocEx makes them: by no table.
    const auto direct = reinterpret_cast<Allocate>(dlsym(RTLD_DEFAULT, "NtAllocateVirtualMemory"));
    REQUIRE((direct != nullptr));
    void* base = nullptr;
    SIZE_T size = 4 * kPage;
    REQUIRE(direct(self(), &base, 0, &size, kWatched, kReadWrite) == STATUS_SUCCESS);
    CHECK(granularity_at(base, size) == kOwnGranularity);
    CHECK(entry<Reset>(kReset)(self(), base, size) == STATUS_SUCCESS);
    free_memory(base, 0, MEM_RELEASE);
}
