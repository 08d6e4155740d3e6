// SPDX-License-Identifier: MIT
// A change of protection latches what was written: a decommit, which cleans
// pages otherwise, does not clean those. Wine's kernel32/tests/virtual.c,
// test_write_watch, has both halves; Wine gets one of them wrong, 8.0 the
// decommit without a protect and 10.7 the one with.
#include "support.h"

namespace {

constexpr size_t pages = 16;

const char* const decommit_keeps =
    "8.0 keeps the state of decommitted pages; kernel32/tests/virtual.c, "
    "test_write_watch, marks it todo_wine";

void protect_and_back(const Watched& memory, size_t first, size_t count) {
    protect(memory.at(first), count * page_bytes, PAGE_NOACCESS);
    protect(memory.at(first), count * page_bytes, PAGE_READWRITE);
}

void decommit(const Watched& memory, size_t first, size_t count) {
    REQUIRE(VirtualFree(memory.at(first), count * page_bytes, MEM_DECOMMIT));
}

void commit(const Watched& memory, size_t first, size_t count) {
    REQUIRE(VirtualAlloc(memory.at(first), count * page_bytes, MEM_COMMIT, PAGE_READWRITE));
}

} // namespace

TEST_CASE("store, protect, decommit: still reported, also when committed again") {
    const Watched memory(pages);
    memory.write({5});
    protect(memory.at(0), 6 * page_bytes, PAGE_NOACCESS);
    CHECK(memory.written() == Pages{5});
    decommit(memory, 0, pages);
    CHECK(memory.written() == Pages{5});
    commit(memory, 0, pages);
    CHECK(memory.written() == Pages{5});
    CHECK(*memory.at(5) == 0);
    memory.write({1, 9, 12});
    CHECK(memory.written() == Pages{1, 5, 9, 12});
}

TEST_CASE("protect, store, decommit: the store is cleared with the page") {
    const Watched memory(pages);
    memory.write({2});
    protect_and_back(memory, 0, pages);
    memory.write({7});
    decommit(memory, 0, pages);
    CHECK(memory.written() == windows_says(Pages{2}, stock_wrong(Pages{2, 7}, decommit_keeps)));
}

TEST_CASE("protect of a part: latches that part only") {
    const Watched memory(pages);
    memory.write({2, 3, 4, 5});
    protect_and_back(memory, 3, 2);
    decommit(memory, 0, pages);
    CHECK(memory.written() ==
          windows_says(Pages{3, 4}, stock_wrong(Pages{2, 3, 4, 5}, decommit_keeps)));
}

TEST_CASE("protect of clean pages: latches nothing") {
    const Watched memory(pages);
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
    protect_and_back(memory, 0, pages);
    decommit(memory, 0, pages);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("latched page: clean once it was reported with reset") {
    const Watched memory(pages);
    memory.write({2, 3, 8});
    protect_and_back(memory, 0, pages);
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 2}) == Pages{2, 3});
    CHECK(memory.written() == Pages{8});
    decommit(memory, 0, pages);
    CHECK(memory.take() == Pages{8});
    CHECK(memory.written() == Pages{});
    commit(memory, 0, pages);
    CHECK(memory.written() == Pages{});
    memory.write({3});
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("latched page: clean after ResetWriteWatch, and only in its range") {
    const Watched memory(pages);
    memory.write({2, 8});
    protect_and_back(memory, 0, pages);
    decommit(memory, 0, pages);
    memory.reset(0, 3);
    CHECK(memory.take() == Pages{8});
}

TEST_CASE("latched page that is written again: reported once") {
    const Watched memory(pages);
    memory.write({4});
    protect_and_back(memory, 0, pages);
    memory.write({4, 5});
    CHECK(memory.take() == Pages{4, 5});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("latched page: forgotten with its allocation") {
    void* place;
    {
        const Watched memory(pages);
        memory.write({4});
        protect_and_back(memory, 0, pages);
        decommit(memory, 0, pages);
        place = memory.at(0);
    }
    const Watched again(VirtualAlloc(place, pages * page_bytes,
                                     MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE),
                        pages);
    REQUIRE(again.at(0) == place);
    CHECK(again.written() == Pages{});
}

TEST_CASE("protect that is refused: latches nothing") {
    const Watched memory(pages, MEM_RESERVE);
    commit(memory, 0, 4);
    memory.write({2});
    DWORD before = 0;
    CHECK_FALSE(VirtualProtect(memory.at(0), memory.bytes(), PAGE_READONLY, &before));
    CHECK(GetLastError() == ERROR_INVALID_ADDRESS); // not all of it is committed
    decommit(memory, 0, 4);
    CHECK(memory.written() == windows_says(Pages{}, stock_wrong(Pages{2}, decommit_keeps)));
}

TEST_CASE("thousands of latched pages: reported in pieces, complete and ascending") {
    constexpr size_t many = 2048;
    const Watched memory(many);
    Pages odd;
    for (size_t page = 1; page < many; page += 2) {
        memory.write({page});
        odd.push_back(page);
    }
    protect_and_back(memory, 0, many);
    decommit(memory, 0, many);
    Pages found = memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 700});
    const Pages rest = memory.take();
    found.insert(found.end(), rest.begin(), rest.end());
    CHECK(found == odd);
    CHECK(memory.written() == Pages{});
}
