// SPDX-License-Identifier: MIT
// Which pages count as written: those stored to, no more and no fewer.
#include "support.h"

#include <cstring>

namespace {

int sum_of_reads(const Watched& memory) {
    int sum = 0;
    for (size_t page = 0; page < memory.page_count(); ++page)
        sum += *static_cast<const volatile char*>(memory.at(page));
    return sum;
}

constexpr size_t pages_each = 64;

struct Part {
    const Watched* memory;
    size_t first;
};

DWORD WINAPI write_part(void* argument) {
    const Part& part = *static_cast<Part*>(argument);
    for (size_t page = 0; page < pages_each; ++page)
        part.memory->write({part.first + page});
    return 0;
}

} // namespace

TEST_CASE("fresh memory: nothing is written") {
    const Watched memory(16);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("store: its page is reported, again and again until it is reset") {
    const Watched memory(16);
    memory.write({1});
    CHECK(memory.written() == Pages{1});
    CHECK(memory.written() == Pages{1});
    CHECK(memory.take() == Pages{1});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("store: the first and the last byte of a page belong to it alone") {
    const Watched memory(16);
    *memory.at(5) = 1;
    *memory.at(9, page_bytes - 1) = 1;
    CHECK(memory.take() == Pages{5, 9});
    // Once more on pages that were reset, a different state in the page tables.
    *memory.at(9) = 2;
    *memory.at(5, page_bytes - 1) = 2;
    CHECK(memory.take() == Pages{5, 9});
}

TEST_CASE("store: the value that is already there counts as well") {
    const Watched memory(4);
    *static_cast<volatile char*>(memory.at(2)) = 0;
    CHECK(memory.take() == Pages{2});
    *static_cast<volatile char*>(memory.at(2)) = 0;
    CHECK(memory.take() == Pages{2});
}

TEST_CASE("store over a page boundary: both pages are reported") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(16);
    const DWORD value = 0xdeadbeef;
    std::memcpy(memory.at(2) - 2, &value, sizeof(value));
    CHECK(memory.take() == Pages{1, 2});
    std::memcpy(memory.at(2) - 2, &value, sizeof(value));
    CHECK(memory.take() == Pages{1, 2});
}

TEST_CASE("load: no page is reported, neither untouched, written nor reset ones") {
    const Watched memory(16);
    CHECK(sum_of_reads(memory) == 0);
    CHECK(memory.written() == Pages{});
    memory.write({3});
    CHECK(memory.take() == Pages{3});
    CHECK(sum_of_reads(memory) == 1);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("store after a load of the same page: the page is reported") {
    const Watched memory(4);
    CHECK(sum_of_reads(memory) == 0);
    memory.write({1});
    CHECK(memory.take() == Pages{1});
}

TEST_CASE("store into every page: every page is reported") {
    const Watched memory(600);
    memory.write_all();
    CHECK(memory.take() == page_range(0, 599));
    CHECK(memory.written() == Pages{});
    memory.write_all();
    CHECK(memory.take() == page_range(0, 599));
}

TEST_CASE("contents: queries and resets do not change them") {
    const Watched memory(8);
    for (size_t page = 0; page < memory.page_count(); ++page)
        std::memset(memory.at(page), static_cast<int>(page + 1), page_bytes);
    CHECK(memory.take() == page_range(0, 7));
    memory.reset(0, 8);
    bool intact = true;
    for (size_t page = 0; page < memory.page_count(); ++page)
        for (size_t i = 0; i < page_bytes; ++i)
            intact = intact && *memory.at(page, i) == static_cast<char>(page + 1);
    CHECK(intact);
}

TEST_CASE("query of a part: reports and resets that part only") {
    const Watched memory(16);
    memory.write({2, 4, 6});
    CHECK(memory.query({.first = 3, .page_count = 2}) == Pages{4});
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .first = 4, .page_count = 1}) == Pages{4});
    CHECK(memory.written() == Pages{2, 6});
}

TEST_CASE("reset of a part: the rest stays reported") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(16);
    memory.write({2, 4});
    memory.reset(0, 3);
    CHECK(memory.written() == Pages{4});
}

TEST_CASE("reset of one page at a time: each clears its own") {
    // How ChakraCore's recycler resets partly used segments.
    const Watched memory(8);
    memory.write_all();
    for (size_t page = 0; page < 8; page += 2)
        memory.reset(page, 1);
    CHECK(memory.written() == Pages{1, 3, 5, 7});
}

TEST_CASE("reset of what is clean or untouched: changes nothing") {
    const Watched memory(8);
    memory.reset(0, 8);
    CHECK(memory.written() == Pages{});
    memory.write({5});
    CHECK(memory.take() == Pages{5});
    memory.reset(0, 8);
    CHECK(memory.written() == Pages{});
    memory.write({5});
    CHECK(memory.written() == Pages{5});
}

TEST_CASE("stores of several threads: every page is reported once") {
    constexpr DWORD threads = 4;
    const Watched memory(threads * pages_each);
    Part parts[threads];
    for (int round = 0; round < 3; ++round) {
        HANDLE running[threads];
        for (DWORD i = 0; i < threads; ++i) {
            parts[i] = {&memory, i * pages_each};
            running[i] = CreateThread(nullptr, 0, write_part, &parts[i], 0, nullptr);
            REQUIRE(running[i]);
        }
        REQUIRE(WaitForMultipleObjects(threads, running, TRUE, 20000) == WAIT_OBJECT_0);
        for (HANDLE thread : running)
            CloseHandle(thread);
        CHECK(memory.take() == page_range(0, threads * pages_each - 1));
        CHECK(memory.written() == Pages{});
    }
}

TEST_CASE("executable memory: a page counts once, and protection alone does not count") {
    // T: kernel32/tests/virtual.c. Boehm's collector has its heap in such memory.
    const Watched memory(8, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    CHECK(memory.written() == Pages{});
    memory.write({1, 6});
    CHECK(memory.take() == Pages{1, 6});
    memory.write({6});
    CHECK(memory.take() == Pages{6});
}

TEST_CASE("sparse use of a huge reservation: the written pages are reported") {
    // The shape of a .NET heap: 64 GiB (for 32 bit, 512 MiB) reserved at once, committed
    // here and there.
    constexpr size_t unit = (size_t{1} << (sizeof(void*) == 8 ? 30 : 23)) / page_bytes;
    const Watched memory(64 * unit, MEM_RESERVE);
    const Pages expected = {0, 7 * unit + 3, 40 * unit, 64 * unit - 1};
    for (const size_t page : expected) {
        REQUIRE(VirtualAlloc(memory.at(page), page_bytes, MEM_COMMIT, PAGE_READWRITE));
        memory.write({page});
    }
    const auto query = [&](DWORD flags) {
        void* found[8];
        ULONG_PTR count = 8;
        DWORD granularity;
        REQUIRE(GetWriteWatch(flags, memory.at(0), memory.bytes(), found, &count, &granularity) ==
                0);
        Pages pages;
        for (size_t i = 0; i < count; ++i)
            pages.push_back(static_cast<size_t>(static_cast<char*>(found[i]) - memory.at(0)) /
                            page_bytes);
        return pages;
    };
    CHECK(query(WRITE_WATCH_FLAG_RESET) == expected);
    CHECK(query(0) == Pages{});
}
