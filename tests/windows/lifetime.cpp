// SPDX-License-Identifier: MIT
// Reserve, commit, decommit, release, and the same address used again.
#include "support.h"

namespace {

// In between there must be no VirtualProtect: on Windows it latches the dirty
// state, which decommit then does not clear.
const char* const decommit_keeps =
    "8.0 keeps the state of decommitted pages; kernel32/tests/virtual.c, "
    "test_write_watch, marks it todo_wine";

void decommit(void* base, size_t bytes) {
    REQUIRE(VirtualFree(base, bytes, MEM_DECOMMIT));
}

void commit(void* base, size_t bytes) {
    REQUIRE(VirtualAlloc(base, bytes, MEM_COMMIT, PAGE_READWRITE) != nullptr);
}

constexpr size_t pages = 16;

// A place where nothing else in this process allocates between two calls.
void* free_place(size_t bytes) {
    void* const place = VirtualAlloc(nullptr, bytes, MEM_RESERVE, PAGE_NOACCESS);
    REQUIRE(place);
    REQUIRE(VirtualFree(place, 0, MEM_RELEASE));
    return place;
}

} // namespace

TEST_CASE("reserved only: a query succeeds and reports nothing") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(pages, MEM_RESERVE);
    CHECK(memory.written() == Pages{});
    memory.reset(0, pages);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("reserved without access, committed later: watched from the commit on") {
    // T: kernel32/tests/virtual.c, test_write_watch: the first protection does not matter.
    const Watched memory(pages, MEM_RESERVE, PAGE_NOACCESS);
    commit(memory.at(4), 4 * page_bytes);
    CHECK(memory.written() == Pages{});
    memory.write({5, 7});
    CHECK(memory.take() == Pages{5, 7});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("committed bit by bit: one query covers committed and reserved parts") {
    const Watched memory(pages, MEM_RESERVE);
    for (size_t page = 0; page < pages; page += 4) {
        commit(memory.at(page), page_bytes);
        memory.write({page});
    }
    CHECK(memory.take() == Pages{0, 4, 8, 12});
    commit(memory.at(0), memory.bytes());
    CHECK(memory.written() == Pages{});
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
}

TEST_CASE("commit of committed pages: state and contents stay") {
    const Watched memory(pages);
    memory.write({3});
    commit(memory.at(0), memory.bytes());
    CHECK(memory.take() == Pages{3});
    commit(memory.at(0), memory.bytes());
    CHECK(memory.written() == Pages{});
    CHECK(*memory.at(3) == 1);
}

TEST_CASE("top-down allocation: watched like any other") {
    const Watched memory(pages, MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN);
    memory.write({0, 15});
    CHECK(memory.take() == Pages{0, 15});
}

TEST_CASE("addresses at both ends of what there is: watched like any other") {
    const auto is_free = [](ULONG_PTR place) {
        MEMORY_BASIC_INFORMATION info = {};
        return VirtualQuery(reinterpret_cast<void*>(place), &info, sizeof(info)) != 0 &&
               info.State == MEM_FREE && info.RegionSize >= pages * page_bytes;
    };
    constexpr ULONG_PTR unit = 0x10000;
    const Watched top(pages, MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN);
    ULONG_PTR low = unit;
    ULONG_PTR high = reinterpret_cast<ULONG_PTR>(top.at(0)) / unit * unit - unit;
    for (; !is_free(low); low += unit)
        REQUIRE(low < high);
    for (; !is_free(high); high -= unit)
        REQUIRE(low < high);
    for (const ULONG_PTR place : {low, high}) {
        CAPTURE(place);
        const Watched memory(VirtualAlloc(reinterpret_cast<void*>(place), pages * page_bytes,
                                          MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                          PAGE_READWRITE),
                             pages);
        CHECK(reinterpret_cast<ULONG_PTR>(memory.at(0)) == place);
        memory.write({0, 15});
        CHECK(memory.take() == Pages{0, 15});
        memory.write({3});
        CHECK(memory.take() == Pages{3});
    }
}

TEST_CASE("size that is no multiple of a page: its last page is watched whole") {
    const Watched memory(VirtualAlloc(nullptr, page_bytes + 1,
                                      MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE),
                         2);
    *memory.at(1, page_bytes - 1) = 1;
    CHECK(memory.take() == Pages{1});
}

TEST_CASE("decommit: the state of the part is cleared, the rest stays") {
    const Watched memory(pages);
    memory.write({1, 5, 6, 12});
    decommit(memory.at(4), 4 * page_bytes);
    CHECK(memory.written() ==
          windows_says(Pages{1, 12}, stock_wrong(Pages{1, 5, 6, 12}, decommit_keeps)));
}

TEST_CASE("decommit of everything by size 0: the state is cleared") {
    const Watched memory(pages);
    memory.write({1, 5});
    decommit(memory.at(0), 0);
    CHECK(memory.written() == windows_says(Pages{}, stock_wrong(Pages{1, 5}, decommit_keeps)));
}

TEST_CASE("decommit of an unaligned range: every page that it touches") {
    const Watched memory(pages);
    memory.write({1, 2, 3, 4});
    decommit(memory.at(2, 100), page_bytes);
    CHECK(memory.written() ==
          windows_says(Pages{1, 4}, stock_wrong(Pages{1, 2, 3, 4}, decommit_keeps)));
}

TEST_CASE("decommit and commit: the part starts clean and is watched") {
    const Watched memory(pages);
    memory.write({1, 5});
    decommit(memory.at(4), 4 * page_bytes);
    commit(memory.at(4), 4 * page_bytes);
    CHECK(memory.take() == windows_says(Pages{1}, stock_wrong(Pages{1, 5}, decommit_keeps)));
    CHECK(*memory.at(5) == 0);
    memory.write({4, 7});
    CHECK(memory.take() == Pages{4, 7});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("decommit, commit and a load: still clean") {
    const Watched memory(pages);
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
    decommit(memory.at(2), 4 * page_bytes);
    commit(memory.at(2), 4 * page_bytes);
    CHECK(*static_cast<const volatile char*>(memory.at(3)) == 0);
    CHECK(memory.written() == Pages{});
    memory.write({3});
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("decommit of reset pages: still clean after commit, and watched") {
    const Watched memory(pages);
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
    decommit(memory.at(0), memory.bytes());
    CHECK(memory.written() == Pages{});
    commit(memory.at(0), memory.bytes());
    CHECK(memory.written() == Pages{});
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
}

TEST_CASE("decommit again and again: each round reports its own stores") {
    const Watched memory(pages);
    for (size_t round = 0; round < 100; ++round) {
        const size_t page = round % (pages - 1);
        memory.write({page, page + 1});
        REQUIRE(memory.take() == Pages{page, page + 1});
        decommit(memory.at(page), page_bytes);
        REQUIRE(memory.take() == Pages{});
        commit(memory.at(page), page_bytes);
    }
}

TEST_CASE("query over a decommitted part: the pages beside it are reported in order") {
    const Watched memory(pages);
    decommit(memory.at(6), 3 * page_bytes);
    memory.write({5, 9, 15});
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 2}) == Pages{5, 9});
    CHECK(memory.take() == Pages{15});
}

TEST_CASE("decommit that is refused: state and watch stay") {
    const Watched memory(pages);
    memory.write({15});
    CHECK_FALSE(VirtualFree(memory.at(15), 2 * page_bytes, MEM_DECOMMIT));
    CHECK(memory.take() == Pages{15});
    memory.write({15});
    CHECK(memory.take() == Pages{15});
}

TEST_CASE("MEM_RESET: gives up contents, but not what is written, nor the watch") {
    // Wine 8.0 (measured) and Microsoft's description: only the contents may go.
    const Watched memory(pages);
    memory.write({2, 6});
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 1}) == Pages{2});
    REQUIRE(VirtualAlloc(memory.at(0), memory.bytes(), MEM_RESET, PAGE_READWRITE));
    CHECK(memory.take() == Pages{6});
    memory.write({2, 3});
    CHECK(memory.take() == Pages{2, 3});
}

TEST_CASE("release: the address is not watched any more") {
    void* address;
    {
        const Watched memory(pages);
        memory.write({0});
        address = memory.at(0);
    }
    CHECK(query_error(address) == ERROR_INVALID_PARAMETER);
    CHECK(ResetWriteWatch(address, page_bytes) == ~0u);
}

TEST_CASE("release that is refused: state and watch stay") {
    const Watched memory(pages);
    memory.write({2});
    CHECK_FALSE(VirtualFree(memory.at(0), memory.bytes(), MEM_RELEASE)); // wants size 0
    CHECK_FALSE(VirtualFree(memory.at(1), 0, MEM_RELEASE));              // wants the base
    CHECK_FALSE(VirtualFree(memory.at(0), 0, MEM_RELEASE | MEM_DECOMMIT));
    CHECK(memory.take() == Pages{2});
    memory.write({3});
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("address used again, watched: starts clean and is watched") {
    void* const place = free_place(pages * page_bytes);
    for (int round = 0; round < 20; ++round) {
        const Watched memory(VirtualAlloc(place, pages * page_bytes,
                                          MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                          PAGE_READWRITE),
                             pages);
        REQUIRE(memory.at(0) == place);
        REQUIRE(memory.written() == Pages{});
        memory.write({1, 8});
        REQUIRE(memory.take() == Pages{1, 8});
        memory.write({2});
    }
}

TEST_CASE("address used again, unwatched: is not watched") {
    void* const place = free_place(pages * page_bytes);
    {
        const Watched memory(VirtualAlloc(place, pages * page_bytes,
                                          MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                          PAGE_READWRITE),
                             pages);
        memory.write_all();
    }
    REQUIRE(VirtualAlloc(place, pages * page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) ==
            place);
    CHECK(query_error(place) == ERROR_INVALID_PARAMETER);
    VirtualFree(place, 0, MEM_RELEASE);
}

TEST_CASE("reserve over watched memory: refused, state and watch stay") {
    const Watched memory(pages);
    memory.write({3});
    CHECK(VirtualAlloc(memory.at(0), memory.bytes(), MEM_RESERVE | MEM_WRITE_WATCH,
                       PAGE_READWRITE) == nullptr);
    CHECK(GetLastError() == ERROR_INVALID_ADDRESS);
    CHECK(memory.take() == Pages{3});
    memory.write({4});
    CHECK(memory.take() == Pages{4});
}

TEST_CASE("many watches at once: each knows its own pages") {
    constexpr size_t watches = 300;
    std::vector<void*> bases;
    for (size_t i = 0; i < watches; ++i) {
        bases.push_back(VirtualAlloc(nullptr, 4 * page_bytes,
                                     MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE));
        REQUIRE(bases.back());
        static_cast<volatile char*>(bases.back())[(i % 4) * page_bytes] = 1;
    }
    for (size_t i = 0; i < watches; i += 2)
        REQUIRE(VirtualFree(bases[i], 0, MEM_RELEASE));
    for (size_t i = 1; i < watches; i += 2)
        REQUIRE(Watched(bases[i], 4).take() == Pages{i % 4});
}

TEST_CASE("VirtualQuery: watched memory looks like any other") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(pages);
    memory.write({1});
    MEMORY_BASIC_INFORMATION info = {};
    REQUIRE(VirtualQuery(memory.at(0), &info, sizeof(info)) == sizeof(info));
    CHECK(info.BaseAddress == memory.at(0));
    CHECK(info.AllocationBase == memory.at(0));
    CHECK(info.AllocationProtect == PAGE_READWRITE);
    CHECK(info.RegionSize == memory.bytes());
    CHECK(info.State == MEM_COMMIT);
    CHECK(info.Protect == PAGE_READWRITE);
    CHECK(info.Type == MEM_PRIVATE);
}
