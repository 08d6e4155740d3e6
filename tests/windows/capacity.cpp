// SPDX-License-Identifier: MIT
// A result array smaller than the dirty set, and dirty sets longer than any buffer inside.
#include "support.h"

namespace {

constexpr size_t long_pages = 4096;

// 2,048 single pages: twice the regions that fit into Wine's own buffer of 256,
// and each a region of its own, as no two neighbours are written.
Pages write_every_second(const Watched& memory) {
    Pages expected;
    for (size_t page = 0; page < memory.page_count(); page += 2) {
        memory.write({page});
        expected.push_back(page);
    }
    return expected;
}

// The loop of .NET's collector: a hundred addresses at a time, from behind the last one.
Pages collect_in_hundreds(const Watched& memory) {
    Pages all;
    for (size_t next = 0; next < memory.page_count();) {
        const Pages some =
            memory.query({.flags = WRITE_WATCH_FLAG_RESET, .first = next, .capacity = 100});
        all.insert(all.end(), some.begin(), some.end());
        if (some.size() < 100)
            break;
        next = some.back() + 1;
    }
    return all;
}

// The loop of Boehm's collector: the same range until the array is not full.
Pages collect_until_not_full(const Watched& memory, size_t capacity) {
    Pages all, some;
    do {
        some = memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = capacity});
        all.insert(all.end(), some.begin(), some.end());
        REQUIRE(all.size() <= memory.page_count()); // else this would not end
    } while (some.size() == capacity);
    return all;
}

} // namespace

TEST_CASE("small array, no reset: the lowest pages, the same each time") {
    const Watched memory(16);
    memory.write({11, 2, 7});
    CHECK(memory.query({.capacity = 2}) == Pages{2, 7});
    CHECK(memory.query({.capacity = 2}) == Pages{2, 7});
    CHECK(memory.written() == Pages{2, 7, 11});
}

TEST_CASE("small array, reset: only the returned pages are reset") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(16);
    memory.write({11, 2, 7});
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 1}) == Pages{2});
    CHECK(memory.written() == Pages{7, 11});
}

TEST_CASE("small array, reset: a region cut in two is given out whole in the end") {
    const Watched memory(64);
    memory.write_all();
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 10}) == page_range(0, 9));
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 50}) == page_range(10, 59));
    CHECK(memory.take() == page_range(60, 63));
}

TEST_CASE("small array: room for exactly the dirty set is enough") {
    const Watched memory(16);
    memory.write({0, 15});
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 2}) == Pages{0, 15});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("large array: capacity beyond the range is allowed") {
    const Watched memory(4);
    memory.write({3});
    void* found[100];
    ULONG_PTR count = 100;
    DWORD granularity = 0;
    REQUIRE(GetWriteWatch(0, memory.at(0), memory.bytes(), found, &count, &granularity) == 0);
    CHECK(count == 1);
    CHECK(found[0] == memory.at(3));
}

TEST_CASE("long range, every second page: all in one ascending answer") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(long_pages);
    const Pages expected = write_every_second(memory);
    CHECK(memory.take() == expected);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("long range, half of it read-only: all in one ascending answer") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(long_pages);
    const Pages expected = write_every_second(memory);
    protect(memory.at(0), memory.bytes() / 2, PAGE_READONLY);
    CHECK(memory.take() == expected);
    protect(memory.at(0), memory.bytes() / 2, PAGE_READWRITE);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("long range in hundreds: each page once") {
    const Watched memory(long_pages);
    const Pages expected = write_every_second(memory);
    CHECK(collect_in_hundreds(memory) == expected);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("long range until the array is not full: each page once") {
    const Watched memory(long_pages);
    const Pages expected = write_every_second(memory);
    CHECK(collect_until_not_full(memory, 300) == expected);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("any-dirty question: capacity 1 without reset") {
    const Watched memory(long_pages);
    CHECK(memory.query({.capacity = 1}) == Pages{});
    memory.write({long_pages - 1});
    CHECK(memory.query({.capacity = 1}) == Pages{long_pages - 1});
    memory.reset(0, long_pages);
    CHECK(memory.query({.capacity = 1}) == Pages{});
}
