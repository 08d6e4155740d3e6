// SPDX-License-Identifier: MIT
// Changes of protection, which latch what was written, through the plugin.
#include "windows_program.h"

#include <atomic>
#include <thread>

using namespace standin;

namespace {

constexpr ULONG kNoAccess = 1;

NTSTATUS protect(void* base, SIZE_T size, ULONG protection) {
    ULONG before = 0;
    return entry<Protect>(kProtect)(self(), &base, &size, protection, &before);
}

void decommit(const Watched& memory, std::size_t page, std::size_t pages) {
    REQUIRE(free_memory(memory.at(page), pages * kPage, MEM_DECOMMIT) == STATUS_SUCCESS);
}

void commit(const Watched& memory, std::size_t page, std::size_t pages) {
    void* base = memory.at(page);
    SIZE_T size = pages * kPage;
    REQUIRE(allocate(&base, &size, MEM_COMMIT) == STATUS_SUCCESS);
}

} // namespace

TEST_CASE("protect: passes on Wine's results") {
    const Watched memory{4};
    void* base = memory.at(1) + 5;
    SIZE_T size = kPage;
    ULONG before = 0;
    const auto call = entry<Protect>(kProtect);
    CHECK(call(self(), &base, &size, kNoAccess, &before) == STATUS_SUCCESS);
    CHECK(base == memory.at(1));
    CHECK(size == 2 * kPage);
    CHECK(before == kProtectedBefore);
}

TEST_CASE("protect that fails: outputs untouched, nothing latched") {
    const Watched memory{4};
    memory.write(1);
    const auto call = entry<Protect>(kProtect);
    void* base = memory.at(1);
    SIZE_T size = kPage;
    CHECK(call(self(), &base, &size, kNoAccess, nullptr) == STATUS_ACCESS_VIOLATION);
    size = 9 * kPage;
    ULONG before = 7;
    CHECK(call(self(), &base, &size, kNoAccess, &before) == STATUS_INVALID_PARAMETER);
    CHECK(base == memory.at(1));
    CHECK(size == 9 * kPage);
    CHECK(before == 7);
    decommit(memory, 0, 4);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("protect whose result cannot be stored: access violation, protection as it was") {
    const Watched memory{4};
    memory.write(1);
    const Array result{1};
    result.forbid(0);
    void* base = memory.at(0);
    SIZE_T size = memory.bytes();
    CHECK(unwinding([&] {
              return entry<Protect>(kProtect)(self(), &base, &size, kNoAccess,
                                              reinterpret_cast<ULONG*>(result.data()));
          }) == STATUS_ACCESS_VIOLATION);
    memory.write(2); // no fault
    CHECK(memory.dirty() == Pages{1, 2});
    decommit(memory, 0, 4);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("decommit after a protect: pages written before it are reported, also when committed") {
    const Watched memory{8};
    memory.write(1);
    memory.write(5);
    CHECK(protect(memory.at(0), 4 * kPage, kNoAccess) == STATUS_SUCCESS);
    decommit(memory, 0, 8);
    CHECK(memory.dirty() == Pages{1});
    commit(memory, 0, 8);
    CHECK(memory.dirty() == Pages{1});
    memory.write(3);
    CHECK(memory.take() == Pages{1, 3});
    CHECK(memory.take() == Pages{});
}

TEST_CASE("decommit after a protect and a store: the store is cleared with it") {
    const Watched memory{8};
    CHECK(protect(memory.at(0), memory.bytes(), kReadWrite) == STATUS_SUCCESS);
    memory.write(2);
    decommit(memory, 0, 8);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("latched page: clean after a query with reset, or a reset, or a release") {
    void* place;
    {
        const Watched memory{8};
        place = memory.base();
        for (const std::size_t page : {1U, 2U, 3U, 6U})
            memory.write(page);
        protect(memory.base(), memory.bytes(), kReadWrite);
        CHECK(memory.take(1) == Pages{1});
        CHECK(entry<Reset>(kReset)(self(), memory.at(2), kPage) == STATUS_SUCCESS);
        decommit(memory, 0, 8);
        CHECK(memory.dirty() == Pages{3, 6});
    }
    const Watched again{8, kWatched, place};
    CHECK(again.dirty() == Pages{});
}

TEST_CASE("release of a part: latched pages on both sides stay") {
    const Watched memory{8};
    memory.write(0);
    memory.write(7);
    protect(memory.base(), memory.bytes(), kReadWrite);
    decommit(memory, 0, 8);
    REQUIRE(free_memory(memory.at(3), 2 * kPage, MEM_RELEASE) == STATUS_SUCCESS);
    void* found[3];
    ULONG_PTR count = 3;
    ULONG granularity = 0;
    REQUIRE(entry<Get>(kGet)(self(), WRITE_WATCH_FLAG_RESET, memory.at(5), 3 * kPage, found, &count,
                             &granularity) == STATUS_SUCCESS);
    CHECK(count == 1);
    CHECK(found[0] == memory.at(7));
    count = 3;
    REQUIRE(entry<Get>(kGet)(self(), 0, memory.at(0), 3 * kPage, found, &count, &granularity) ==
            STATUS_SUCCESS);
    CHECK(count == 1);
    free_memory(memory.at(5), 0, MEM_RELEASE);
}

TEST_CASE("thousands of latched pages beside written ones: one answer, complete and ascending") {
    const Watched memory{4096};
    Pages every;
    for (std::size_t page = 0; page < 4096; ++page) {
        every.push_back(page);
        if (page % 3 == 0)
            memory.write(page);
    }
    protect(memory.base(), memory.bytes(), kReadWrite);
    for (const std::size_t page : every)
        memory.write(page);
    CHECK(memory.take(1000).size() == 1000);
    const Pages rest = memory.take(4096);
    CHECK(rest == Pages(every.begin() + 1000, every.end()));
    CHECK(memory.take(4096) == Pages{});
}

TEST_CASE("protects, stores and queries with reset at once: no store is lost") {
    constexpr std::size_t kPages = 64;
    const Watched memory{kPages};
    const auto value = [&](std::size_t page) {
        return reinterpret_cast<std::atomic<std::uint32_t>*>(memory.at(page));
    };
    std::atomic<bool> done{false};
    std::thread writer{[&] {
        for (std::uint32_t i = 1; i <= 300000; ++i)
            value(i * 7 % kPages)->store(i, std::memory_order_relaxed);
        done = true;
    }};
    std::thread protecter{[&] {
        while (!done)
            protect(memory.base(), memory.bytes(), kReadWrite);
    }};
    // What a collector that copies reported pages knows of each page.
    std::vector<std::uint32_t> known(kPages);
    const auto copy = [&] {
        for (const std::size_t page : memory.take())
            known[page] = value(page)->load(std::memory_order_relaxed);
    };
    while (!done)
        copy();
    writer.join();
    protecter.join();
    copy();
    for (std::size_t page = 0; page < kPages; ++page)
        CHECK(known[page] == value(page)->load());
}
