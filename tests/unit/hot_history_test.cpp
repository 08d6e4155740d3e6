// SPDX-License-Identifier: MIT
#include "hot_history.h"

#include <doctest/doctest.h>

using ww::affordable_cold_runs;
using ww::HotHistory;
using ww::HotTally;
using ww::Range;

namespace {

constexpr std::uintptr_t kBase = 0x40000000;
constexpr std::size_t kPageBytes = 4096;

HotHistory make() {
    auto history = HotHistory::create(Range{kBase, kBase + 100 * kPageBytes}, kPageBytes);
    REQUIRE(history);
    return std::move(*history);
}

// How the counts that were measured are spread: at random, so that hardly two
// lie side by side, over 128 blocks.
bool pays(std::size_t hot, std::size_t others, std::size_t blocks) {
    return others <= affordable_cold_runs({.hot = hot, .cold_runs = others, .blocks = blocks});
}

} // namespace

TEST_CASE("hot history: a page is hot in the fourth round in a row that reports it") {
    HotHistory history = make();
    for (std::uint32_t round = 1; round <= 3; ++round) {
        CHECK_FALSE(history.is_hot(kBase, round));
        CHECK(history.reported(kBase, round, true));
    }
    CHECK(history.is_hot(kBase, 4));
    CHECK_FALSE(history.is_hot(kBase + kPageBytes, 4));
}

TEST_CASE("hot history: a round without it begins anew") {
    HotHistory history = make();
    for (const std::uint32_t round : {1U, 2U, 3U, 5U, 6U, 7U})
        history.reported(kBase, round, true);
    CHECK(history.is_hot(kBase, 8));
    CHECK_FALSE(history.is_hot(kBase, 9));
}

TEST_CASE("hot history: reported twice in a round counts once") {
    HotHistory history = make();
    for (const std::uint32_t round : {1U, 1U, 1U, 1U, 2U, 2U})
        history.reported(kBase, round, true);
    CHECK_FALSE(history.is_hot(kBase, 2));
    CHECK_FALSE(history.is_hot(kBase, 3));
}

TEST_CASE("hot history: only a hot page that was left is uncertain in the next report") {
    HotHistory history = make();
    const auto report = [&](std::uint32_t round, bool leave) {
        const bool armed = history.reported(kBase, round, leave);
        CHECK(history.was_armed(kBase) == armed);
        return armed;
    };
    for (std::uint32_t round = 1; round <= 4; ++round)
        CHECK(report(round, true));
    CHECK_FALSE(report(5, true)); // left in round 4
    CHECK_FALSE(report(6, false));
    CHECK(report(7, true)); // armed in round 6
    CHECK_FALSE(report(8, false));
    CHECK(report(9, false));
}

TEST_CASE("hot history: hot or not, what is not left is certain") {
    HotHistory history = make();
    for (std::uint32_t round = 1; round <= 9; ++round)
        CHECK(history.reported(kBase, round, false));
    CHECK(history.is_hot(kBase, 10));
}

TEST_CASE("hot policy: leaving pages unarmed is chosen where it was measured to be cheaper") {
    CHECK_FALSE(pays(10, 20, 27));
    CHECK(pays(50, 20, 54));
    CHECK(pays(200, 20, 105));
    CHECK(pays(500, 20, 126));
    CHECK(pays(500, 20, 24)); // in four runs
    CHECK_FALSE(pays(500, 200, 127));
    CHECK(pays(2000, 20, 128));
    CHECK_FALSE(pays(0, 1, 1));
    CHECK_FALSE(pays(1, 1, 1));
}
