// SPDX-License-Identifier: MIT
#include "range.h"

#include <doctest/doctest.h>
#include <limits>

using ww::intersection;
using ww::is_valid;
using ww::Range;

constexpr std::uintptr_t kTop = std::numeric_limits<std::uintptr_t>::max();

TEST_CASE("is_valid: page-aligned ranges pass, with the page size that is given") {
    CHECK(is_valid(0x10000, 0x4000, 0x1000));
    CHECK(is_valid(0x10000, 0x4000, 0x4000));
    CHECK_FALSE(is_valid(0x11000, 0x4000, 0x4000));
    CHECK_FALSE(is_valid(0x10000, 0x5000, 0x4000));
}

TEST_CASE("is_valid: empty and wrapping ranges are refused") {
    CHECK_FALSE(is_valid(0x1000, 0, 0x1000));
    CHECK_FALSE(is_valid(kTop - 0xfff, 0x1000, 0x1000));
    CHECK_FALSE(is_valid(kTop - 0xfff, 0x2000, 0x1000));
    CHECK_FALSE(is_valid(0x1000, kTop - 0xfff, 0x1000));
}

TEST_CASE("intersection: overlapping ranges give the common part, others an empty one") {
    CHECK(intersection({1, 5}, {3, 9}) == Range{3, 5});
    CHECK(intersection({1, 9}, {3, 5}) == Range{3, 5});
    CHECK(intersection({1, 3}, {3, 5}).empty());
    CHECK(intersection({1, 2}, {3, 5}).empty());
    CHECK(intersection({1, 2}, {3, 5}).bytes() == 0);
}

TEST_CASE("contains: the end is outside, an equal range inside") {
    constexpr Range range{16, 32};
    CHECK(range.contains(std::uintptr_t{16}));
    CHECK_FALSE(range.contains(std::uintptr_t{32}));
    CHECK(range.contains(range));
    CHECK_FALSE(range.contains(Range{16, 33}));
    CHECK_FALSE(range.contains(Range{15, 32}));
}
