// SPDX-License-Identifier: MIT
#include "stamps.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>
#include <vector>

using ww::Stamps;

namespace {

Stamps make(std::size_t page_count) {
    auto stamps = Stamps::create(page_count);
    REQUIRE(stamps);
    return std::move(*stamps);
}

} // namespace

TEST_CASE("stamps: nothing is newer than 0 before anything was stamped") {
    const Stamps stamps = make(2000);
    CHECK(stamps.first_newer(0, 2000, 0) == 2000);
    CHECK(stamps.first_not_newer(7, 2000, 0) == 7);
}

TEST_CASE("stamps: a run is found by those whose mark is older, with its ends") {
    Stamps stamps = make(5000);
    stamps.stamp(510, 1030, 3);
    CHECK(stamps.first_newer(0, 5000, 2) == 510);
    CHECK(stamps.first_not_newer(510, 5000, 2) == 1030);
    CHECK(stamps.first_newer(600, 5000, 2) == 600);
    CHECK(stamps.first_newer(1030, 5000, 2) == 5000);
    CHECK(stamps.first_newer(0, 5000, 3) == 5000);
    CHECK(stamps.first_newer(0, 300, 2) == 300);
}

TEST_CASE("stamps: one page in 256 GiB is found") {
    constexpr std::size_t kMany = sizeof(void*) == 8 ? std::size_t{1} << 26 : std::size_t{1} << 19;
    Stamps stamps = make(kMany);
    stamps.stamp(kMany - 5, kMany - 4, 1);
    CHECK(stamps.first_newer(0, kMany, 0) == kMany - 5);
    CHECK(stamps.first_newer(kMany - 4, kMany, 0) == kMany);
}

TEST_CASE("stamps: random runs agree with a page-by-page model, for any mark") {
    constexpr std::size_t kPages = 512 * 512 + 700;
    Stamps stamps = make(kPages);
    std::vector<std::uint64_t> model(kPages);
    std::mt19937 random{4};
    for (std::uint64_t generation = 1; generation <= 300; ++generation) {
        const std::size_t first = random() % kPages;
        const std::size_t end = std::min(kPages, first + 1 + random() % (random() % 4 ? 9 : 3000));
        stamps.stamp(first, end, generation);
        std::fill(model.begin() + static_cast<std::ptrdiff_t>(first),
                  model.begin() + static_cast<std::ptrdiff_t>(end), generation);
        const std::uint64_t mark = random() % generation;
        const auto [from, to] = std::minmax<std::size_t>({random() % kPages, random() % kPages});
        const auto is_newer = [mark](std::uint64_t stamp) { return stamp > mark; };
        const auto begin = model.begin() + static_cast<std::ptrdiff_t>(from);
        const auto stop = model.begin() + static_cast<std::ptrdiff_t>(to);
        const auto newer = std::find_if(begin, stop, is_newer) - model.begin();
        const auto older = std::find_if_not(begin, stop, is_newer) - model.begin();
        REQUIRE(stamps.first_newer(from, to, mark) == static_cast<std::size_t>(newer));
        REQUIRE(stamps.first_not_newer(from, to, mark) == static_cast<std::size_t>(older));
    }
}
