// SPDX-License-Identifier: MIT
#include "watch_table.h"

#include <atomic>
#include <doctest/doctest.h>
#include <memory>
#include <thread>
#include <vector>

using ww::Range;
using ww::Watched;
using ww::WatchTable;
using ww::kernel::Error;

namespace {

constexpr std::uintptr_t kBase = 0x10000000;
constexpr std::uintptr_t kPage = 0x1000;

constexpr Range pages(std::uintptr_t first, std::uintptr_t count) {
    return {kBase + first * kPage, kBase + (first + count) * kPage};
}

struct Table {
    ww::Arena arena;
    std::unique_ptr<WatchTable> owner = std::make_unique<WatchTable>(arena);
    WatchTable& table = *owner;
};

} // namespace

TEST_CASE("watch table: a range inside a watch is found, one over its end is not") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(4, 4)));
    CHECK(t.table.find(pages(4, 4)) == Watched{pages(4, 4)});
    CHECK(t.table.find(pages(5, 1)) == Watched{pages(4, 4)});
    CHECK_FALSE(t.table.find(pages(7, 2)));
    CHECK_FALSE(t.table.find(pages(3, 2)));
    CHECK_FALSE(t.table.find(pages(8, 1)));
}

TEST_CASE("watch table: two watches side by side stay two") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(0, 4)));
    REQUIRE_FALSE(t.table.insert(pages(4, 4)));
    CHECK_FALSE(t.table.find(pages(3, 2)));
    CHECK(t.table.find(pages(4, 1)) == Watched{pages(4, 4)});
    CHECK(t.table.count() == 2);
}

TEST_CASE("watch table: an overlapping insert is refused and changes nothing") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(4, 4)));
    CHECK(t.table.insert(pages(7, 4)) == Error::exists);
    CHECK(t.table.insert(pages(0, 16)) == Error::exists);
    CHECK_FALSE(t.table.find(pages(8, 1)));
    CHECK(t.table.find(pages(4, 4)) == Watched{pages(4, 4)});
}

TEST_CASE("watch table: erasing the middle leaves two watches") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(0, 9)));
    const auto ended = t.table.erase_first(pages(3, 3));
    REQUIRE(ended);
    CHECK(*ended == pages(3, 3));
    CHECK(t.table.find(pages(0, 3)) == Watched{pages(0, 3)});
    CHECK(t.table.find(pages(6, 3)) == Watched{pages(6, 3)});
    CHECK_FALSE(t.table.find(pages(3, 1)));
    CHECK_FALSE(t.table.find(pages(2, 5)));
    CHECK(t.table.count() == 2);
}

TEST_CASE("watch table: erasing takes one watch at a time, then says there is none") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(0, 2)));
    REQUIRE_FALSE(t.table.insert(pages(4, 2)));
    CHECK(*t.table.erase_first(pages(1, 8)) == pages(1, 1));
    CHECK(*t.table.erase_first(pages(1, 8)) == pages(4, 2));
    CHECK(t.table.erase_first(pages(1, 8)).error() == Error::not_found);
    CHECK(t.table.find(pages(0, 1)) == Watched{pages(0, 1)});
}

TEST_CASE("watch table: ten thousand watches are each found, and gone when erased") {
    Table t;
    for (std::uintptr_t i = 0; i < 10000; ++i)
        REQUIRE_FALSE(t.table.insert(pages(16 * i, 8)));
    for (std::uintptr_t i = 0; i < 10000; ++i)
        REQUIRE(t.table.find(pages(16 * i + 7, 1)) == Watched{pages(16 * i, 8)});
    for (std::uintptr_t i = 0; i < 10000; i += 2)
        REQUIRE(*t.table.erase_first(pages(16 * i, 8)) == pages(16 * i, 8));
    for (std::uintptr_t i = 0; i < 10000; ++i)
        REQUIRE(t.table.find(pages(16 * i, 1)).has_value() == (i % 2 == 1));
}

// The writer splits and rejoins neighbours all the time; the watch that the
// readers ask for is recreated in other extents, but never gone.
TEST_CASE("watch table: readers always find what stays watched while others change it") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(0, 64)));
    std::atomic<bool> stop{false};
    std::atomic<long> misses{0};
    std::atomic<long> wrong{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                const auto found = t.table.find(pages(0, 1));
                misses += !found;
                wrong += found && (found->range.start != kBase || found->range.bytes() % kPage != 0);
            }
        });
    }
    for (int round = 0; round < 20000; ++round) {
        const std::uintptr_t first = 1 + static_cast<std::uintptr_t>(round) % 63;
        if (!t.table.erase_first(pages(first, 64 - first)))
            continue;
        static_cast<void>(t.table.insert(pages(first, 64 - first)));
    }
    stop = true;
    for (std::thread& reader : readers)
        reader.join();
    CHECK(misses == 0);
    CHECK(wrong == 0);
}

// One watch's memory serves both extents in turn; page 4 is in both.
TEST_CASE("watch table: a reader never sees a mixture of two watches") {
    Table t;
    constexpr Range wide = pages(0, 8);
    constexpr Range narrow = pages(2, 4);
    std::atomic<bool> stop{false};
    std::atomic<long> seen{0};
    std::atomic<long> mixtures{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                const auto found = t.table.find(pages(4, 1));
                seen += found.has_value();
                mixtures += found && *found != wide && *found != narrow;
            }
        });
    }
    for (int round = 0; round < 200'000 || seen == 0; ++round) {
        for (const Range range : {wide, narrow}) {
            static_cast<void>(t.table.insert(range));
            static_cast<void>(t.table.erase_first(range));
        }
    }
    stop = true;
    for (std::thread& reader : readers)
        reader.join();
    CHECK(mixtures == 0);
}
