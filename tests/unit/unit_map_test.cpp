// SPDX-License-Identifier: MIT
#include "unit_map.h"

#include <array>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <random>
#include <thread>
#include <vector>

using ww::hooks::UnitMap;

namespace {

template<std::size_t units>
struct Map {
    std::array<UnitMap::Word, (units + 63) / 64> words{};
    UnitMap map{words, units};
};

} // namespace

TEST_CASE("unit map: runs are taken from the front, across words too") {
    Map<200> m;
    CHECK(m.map.take(60, 1) == 0);
    CHECK(m.map.take(10, 1) == 60);
    CHECK(m.map.take(100, 1) == 70);
    CHECK(m.map.take(30, 1) == 170);
    CHECK_FALSE(m.map.take(1, 1));
}

TEST_CASE("unit map: what was given back is taken again, and no more than that") {
    Map<128> m;
    REQUIRE(m.map.take(128, 1) == 0);
    m.map.give_back(62, 4);
    CHECK_FALSE(m.map.take(5, 1));
    CHECK(m.map.take(3, 1) == 62);
    CHECK(m.map.take(1, 1) == 65);
    CHECK_FALSE(m.map.take(1, 1));
}

TEST_CASE("unit map: a run begins at a multiple of its alignment") {
    Map<256> m;
    REQUIRE(m.map.take(3, 1) == 0);
    CHECK(m.map.take(4, 8) == 8);
    CHECK(m.map.take(64, 64) == 64);
    CHECK(m.map.take(5, 1) == 3);
    CHECK_FALSE(m.map.take(64, 256));
}

TEST_CASE("unit map: more than there is is refused") {
    Map<100> m;
    CHECK_FALSE(m.map.take(101, 1));
    CHECK(m.map.take(100, 1) == 0);
    CHECK_FALSE(m.map.take(~std::size_t{0}, 1));
}

TEST_CASE("unit map: taken means all of it") {
    Map<128> m;
    REQUIRE(m.map.take(70, 1) == 0);
    CHECK(m.map.taken(0, 70));
    CHECK(m.map.taken(63, 2));
    CHECK_FALSE(m.map.taken(69, 2));
    CHECK_FALSE(m.map.taken(127, 2));
    CHECK_FALSE(m.map.taken(~std::size_t{0}, 2));
}

TEST_CASE("unit map: threads never get the same unit") {
    constexpr std::size_t kUnits = 200;
    Map<kUnits> m;
    std::array<std::atomic<int>, kUnits> owners{};
    std::atomic<int> shared{0};
    std::atomic<int> taken{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&, seed] {
            std::minstd_rand random{seed + 1};
            while (!stop) {
                const std::size_t count = 2 + random() % 90;
                const auto first = m.map.take(count, 1);
                if (!first)
                    continue;
                ++taken;
                for (const std::size_t i : {*first, *first + count - 1})
                    shared += owners[i].fetch_add(1);
                for (const std::size_t i : {*first, *first + count - 1})
                    --owners[i];
                m.map.give_back(*first, count);
            }
        });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    CHECK(shared == 0);
    CHECK(taken > 1000);
    CHECK(m.map.take(kUnits, 1) == 0); // nothing was left behind
}
