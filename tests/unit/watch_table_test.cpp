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
    ww::Counters counters; // without memory
    std::unique_ptr<WatchTable> owner = std::make_unique<WatchTable>(arena, counters);
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

TEST_CASE("watch table: a retired watch is gone, and can be retired once") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(4, 4)));
    CHECK(t.table.retire(pages(4, 4)));
    CHECK_FALSE(t.table.retire(pages(4, 4)));
    CHECK_FALSE(t.table.find(pages(4, 4)));
    CHECK_FALSE(t.table.find(pages(5, 1)));
    CHECK_FALSE(t.table.find_first(pages(0, 16)));
    CHECK(t.table.erase_first(pages(0, 16)).error() == Error::not_found);
    CHECK(t.table.count() == 0);
}

TEST_CASE("watch table: only a whole watch can be retired") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(4, 4)));
    CHECK_FALSE(t.table.retire(pages(4, 3)));
    CHECK_FALSE(t.table.retire(pages(5, 3)));
    CHECK_FALSE(t.table.retire(pages(4, 5)));
    CHECK_FALSE(t.table.retire(pages(20, 1)));
    CHECK(t.table.find(pages(4, 4)) == pages(4, 4));
}

TEST_CASE("watch table: a retired watch is passed over on the way to a live one") {
    Table t;
    REQUIRE_FALSE(t.table.insert(pages(0, 2)));
    REQUIRE_FALSE(t.table.insert(pages(2, 2)));
    REQUIRE_FALSE(t.table.insert(pages(8, 2)));
    REQUIRE(t.table.retire(pages(0, 2)));
    REQUIRE(t.table.retire(pages(2, 2)));
    CHECK(t.table.find_first(pages(1, 16)) == pages(8, 2));
    CHECK_FALSE(t.table.find_first(pages(1, 7)));
    CHECK(*t.table.erase_first(pages(0, 16)) == pages(8, 2));
}

TEST_CASE("watch table: memory of a retired watch is watched again, in the same extent or another") {
    Table t;
    for (const Range again : {pages(4, 4), pages(0, 16), pages(5, 1), pages(7, 4), pages(4, 5)}) {
        REQUIRE_FALSE(t.table.insert(pages(4, 4)));
        REQUIRE(t.table.retire(pages(4, 4)));
        REQUIRE_FALSE(t.table.insert(again));
        CHECK(t.table.find(again) == again);
        CHECK(t.table.count() == 1);
        CHECK(t.table.insert(pages(0, 20)) == Error::exists);
        REQUIRE(*t.table.erase_first(pages(0, 32)) == again);
        CHECK_FALSE(t.table.find_first(pages(0, 32)));
    }
}

TEST_CASE("watch table: more retired watches than are kept: all are gone, all can come again") {
    Table t;
    for (int round = 0; round < 3; ++round) {
        for (std::uintptr_t i = 0; i < 100; ++i)
            REQUIRE_FALSE(t.table.insert(pages(2 * i, 2)));
        CHECK(t.table.count() == 100);
        for (std::uintptr_t i = 0; i < 100; ++i)
            REQUIRE(t.table.retire(pages(2 * i, 2)));
        CHECK(t.table.count() == 0);
        CHECK_FALSE(t.table.find_first(pages(0, 200)));
    }
    REQUIRE_FALSE(t.table.insert(pages(0, 200)));
    CHECK(t.table.find(pages(199, 1)) == pages(0, 200));
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
            if (round % 2 == 0 || !t.table.retire(range))
                static_cast<void>(t.table.erase_first(range));
        }
    }
    stop = true;
    for (std::thread& reader : readers)
        reader.join();
    CHECK(mixtures == 0);
}

// One keeps ending and taking back a watch, others end parts of it, watch other
// extents, or end it whole at the same time. In the end the table is as empty,
// and as full, as it says.
TEST_CASE("watch table: watches retired and taken back beside changes of their neighbourhood") {
    Table t;
    std::atomic<int> wrong{0};
    const auto work = [&](std::uintptr_t first) {
        for (int round = 0; round < 20'000; ++round) {
            const Range own = pages(16 * first, 8);
            wrong += t.table.insert(own) ? 1 : 0;
            const auto found = t.table.find(pages(16 * first + 3, 2));
            wrong += !found || *found != own;
            if (round % 16 == 3)
                wrong += t.table.erase_first(pages(16 * first + 2, 2)) ? 0 : 1;
            while (const auto left = t.table.find_first(own)) {
                if (!t.table.retire(*left))
                    static_cast<void>(t.table.erase_first(own));
            }
            wrong += t.table.find(pages(16 * first + 3, 1)) ? 1 : 0;
        }
    };
    // Two for the same place: each may be refused, or robbed, by the other.
    const auto quarrel = [&] {
        for (int round = 0; round < 20'000; ++round) {
            const Range contested = pages(100, 4 + static_cast<std::uintptr_t>(round) % 3);
            if (t.table.insert(contested) == Error::none)
                static_cast<void>(t.table.retire(contested));
            else
                static_cast<void>(t.table.erase_first(pages(103, 1)));
        }
    };
    std::vector<std::thread> threads;
    for (std::uintptr_t i = 0; i < 2; ++i) {
        threads.emplace_back(work, i);
        threads.emplace_back(quarrel);
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(wrong == 0);
    while (t.table.erase_first(pages(96, 16))) {
    }
    CHECK(t.table.count() == 0);
    CHECK_FALSE(t.table.insert(pages(0, 128)));
    CHECK(t.table.find(pages(0, 128)) == pages(0, 128));
}

// Both want to end it: one as a whole without the lock, one a part of it.
TEST_CASE("watch table: a watch that is retired while it is split ends once") {
    Table t;
    constexpr int kRounds = 20'000;
    std::atomic<int> round{0};
    std::atomic<int> answered{0};
    std::thread splitter{[&] {
        for (int i = 1; i <= kRounds; ++i) {
            while (round.load() != i)
                std::this_thread::yield();
            static_cast<void>(t.table.erase_first(pages(3, 1)));
            answered = i;
        }
    }};
    int miscounted = 0;
    for (int i = 1; i <= kRounds; ++i) {
        static_cast<void>(t.table.insert(pages(0, 16)));
        round = i;
        for (int pause = 0; pause < i % 64; ++pause)
            static_cast<void>(t.table.find(pages(0, 1)));
        static_cast<void>(t.table.retire(pages(0, 16)));
        while (answered.load() != i)
            std::this_thread::yield();
        while (t.table.erase_first(pages(0, 16))) {
        }
        miscounted += t.table.count() != 0;
    }
    splitter.join();
    CHECK(miscounted == 0);
}
