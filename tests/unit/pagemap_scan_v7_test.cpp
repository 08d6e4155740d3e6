// SPDX-License-Identifier: MIT
#include "pagemap_scan_v7.h"

#include <doctest/doctest.h>
#include <limits>
#include <random>

using ww::Range;
using ww::kernel::Error;
using ww::v7::check;
using ww::v7::range_of;

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::uint64_t kTop = std::numeric_limits<std::uintptr_t>::max();

// The first lines of the proposal's do_pagemap_cmd(), word by word.
Error proposal_checks(const ww_v7_pagemap_scan_arg& arg, ww::v7::Accessible ok) {
    constexpr std::uint64_t op_mask = 15;
    constexpr std::uint64_t nonwt_op_mask = 14;
    const bool is_get_op = arg.vec != 0;
    const bool is_wp_engage_op = (arg.flags & 1) != 0;
    if (arg.start % kPage != 0 || !ok.range)
        return Error::invalid;
    if (is_get_op && (arg.vec_len == 0 || !ok.vector))
        return Error::no_memory;
    if ((arg.flags & ~1U) || (arg.required_mask & ~op_mask) || (arg.anyof_mask & ~op_mask) ||
        (arg.excluded_mask & ~op_mask) || (arg.return_mask & ~op_mask))
        return Error::invalid;
    if (is_get_op &&
        ((!arg.required_mask && !arg.anyof_mask && !arg.excluded_mask) || !arg.return_mask))
        return Error::invalid;
    if (is_wp_engage_op &&
        ((arg.required_mask & nonwt_op_mask) || (arg.anyof_mask & nonwt_op_mask)))
        return Error::invalid;
    return Error::none;
}

} // namespace

TEST_CASE("v7 check: random requests are judged as by the proposal's code") {
    std::mt19937_64 random{7};
    const auto rarely = [&](std::uint64_t value) { return random() % 8 == 0 ? value : 0; };
    int wrong = 0;
    int passed = 0;
    for (int i = 0; i < 200'000; ++i) {
        ww_v7_pagemap_scan_arg arg{};
        arg.start = 0x10000 + rarely(8);
        arg.len = random() % 0x10000;
        arg.vec = random() % 4 == 0 ? 0 : 0x1000;
        arg.vec_len = random() % 8;
        arg.flags = static_cast<std::uint32_t>(random() % 2 + rarely(2));
        arg.required_mask = random() % 2 + rarely(random() % 32);
        arg.anyof_mask = random() % 2 + rarely(random() % 32);
        arg.excluded_mask = random() % 16 + rarely(16);
        arg.return_mask = random() % 16 + rarely(16);
        const ww::v7::Accessible ok{random() % 8 != 0, random() % 8 != 0};
        const Error error = check(arg, ok, kPage);
        wrong += error != proposal_checks(arg, ok);
        passed += !error;
    }
    CHECK(wrong == 0);
    CHECK(passed > 10'000);
}

TEST_CASE("v7 check: the page size is the one that is given") {
    ww_v7_pagemap_scan_arg arg{};
    arg.start = 0x11000;
    CHECK(check(arg, {true, true}, 0x1000) == Error::none);
    CHECK(check(arg, {true, true}, 0x4000) == Error::invalid);
}

TEST_CASE("v7 range: a page begun at the end is included") {
    ww_v7_pagemap_scan_arg arg{};
    arg.start = 0x4000;
    arg.len = 1;
    CHECK(range_of(arg, 0x1000) == Range{0x4000, 0x5000});
    CHECK(range_of(arg, 0x4000) == Range{0x4000, 0x8000});
    arg.len = 0x1000;
    CHECK(range_of(arg, 0x1000) == Range{0x4000, 0x5000});
    arg.len = 0;
    CHECK(range_of(arg, 0x1000) == Range{0x4000, 0x4000});
}

TEST_CASE("v7 range: one that wraps, or ends behind the last page, is none") {
    ww_v7_pagemap_scan_arg arg{};
    arg.start = 0x1000;
    arg.len = kTop;
    CHECK_FALSE(range_of(arg, kPage));
    arg.len = kTop - 0x1000;
    CHECK_FALSE(range_of(arg, kPage));
    arg.start = kTop - kPage + 1;
    arg.len = 0;
    CHECK(range_of(arg, kPage));
    arg.len = 1;
    CHECK_FALSE(range_of(arg, kPage));
}
