// SPDX-License-Identifier: MIT
// VirtualProtect beside write watches.
#include "support.h"

namespace {

constexpr size_t pages = 16;

} // namespace

TEST_CASE("protect and back: neither marks nor clears") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(pages);
    memory.write({2, 4});
    for (const DWORD protection : {PAGE_READONLY, PAGE_NOACCESS, PAGE_EXECUTE_READ}) {
        CAPTURE(protection);
        CHECK(protect(memory.at(0), 6 * page_bytes, protection) == PAGE_READWRITE);
        CHECK(memory.written() == Pages{2, 4});
        CHECK(protect(memory.at(0), 6 * page_bytes, PAGE_READWRITE) == DWORD(protection));
        CHECK(memory.written() == Pages{2, 4});
    }
}

TEST_CASE("without access: queries and resets work, and what was reset stays clean") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(pages);
    memory.write({2, 4, 9});
    protect(memory.at(0), memory.bytes(), PAGE_NOACCESS);
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 1}) == Pages{2});
    memory.reset(9, 1);
    CHECK(memory.written() == Pages{4});
    protect(memory.at(0), memory.bytes(), PAGE_READWRITE);
    CHECK(memory.take() == Pages{4});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("protect after a reset: the next store is reported") {
    const Watched memory(pages);
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
    protect(memory.at(0), memory.bytes(), PAGE_READONLY);
    protect(memory.at(0), memory.bytes(), PAGE_READWRITE);
    CHECK(memory.written() == Pages{});
    memory.write({7});
    CHECK(memory.take() == Pages{7});
}

TEST_CASE("protect to executable: does not mark, and stores are reported") {
    // T: kernel32/tests/virtual.c.
    const Watched memory(pages);
    protect(memory.at(0), memory.bytes(), PAGE_EXECUTE_READWRITE);
    CHECK(memory.written() == Pages{});
    memory.write({3});
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("protect page by page: a query sees across the pieces") {
    const Watched memory(pages);
    for (size_t page = 0; page < pages; page += 2)
        protect(memory.at(page), page_bytes, PAGE_READONLY);
    CHECK(memory.written() == Pages{});
    memory.write({1, 3, 15});
    CHECK(memory.take() == Pages{1, 3, 15});
}

TEST_CASE("allocated read-only, made writable later: watched") {
    const Watched memory(pages, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
    CHECK(memory.written() == Pages{});
    protect(memory.at(0), memory.bytes(), PAGE_READWRITE);
    memory.write({5});
    CHECK(memory.take() == Pages{5});
}
