// SPDX-License-Identifier: MIT
#include "counters.h"

#include <doctest/doctest.h>

using ww::Counting;

TEST_CASE("counting: of many small queries some are timed and stand for the rest") {
    constexpr std::size_t kSmall = 4096;
    constexpr std::size_t kLarge = std::size_t{64} << 20;
    std::uint64_t stood_for = 0;
    for (std::uint64_t before = 0; before < 6400; ++before) {
        stood_for += Counting::weight(before, kSmall);
        CHECK(Counting::weight(before, kLarge) == 1);
    }
    CHECK(stood_for == 64 + 63 * 99 + 99);
    CHECK(Counting::weight(0, kSmall) == 1);
    CHECK(Counting::weight(65, kSmall) == 0);
    CHECK(Counting::weight(128, kSmall) == 64);
}

TEST_CASE("counting: a query that was stopped for long stands for itself alone") {
    CHECK(Counting::weighed(700, 64) == 700 * 64);
    CHECK(Counting::weighed(700, 1) == 700);
    CHECK(Counting::weighed(10'000'000'000, 64) == 10'000'000'000);
}
