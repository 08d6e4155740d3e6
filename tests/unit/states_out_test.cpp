// SPDX-License-Identifier: MIT
#include "states_out.h"

#include "kernel/memory.h"

#include <array>
#include <doctest/doctest.h>

using ww::PageState;
using ww::Range;
using ww::StatesOut;
using ww::kernel::Region;

namespace {

Range pages(std::uintptr_t first, std::uintptr_t end) {
    const std::size_t bytes = ww::kernel::page_bytes();
    return {first * bytes, end * bytes};
}

std::uint64_t label(PageState state) {
    return static_cast<std::uint64_t>(state);
}

} // namespace

TEST_CASE("states: neighbours of one state become one region, those of two stay apart") {
    std::array<Region, 4> room{};
    StatesOut out{room, 100};
    CHECK(out.add(pages(1, 3), PageState::written) == pages(1, 3).end);
    CHECK(out.add(pages(3, 4), PageState::written) == pages(3, 4).end);
    CHECK(out.add(pages(4, 6), PageState::discarded) == pages(4, 6).end);
    REQUIRE(out.found().size() == 2);
    CHECK(room[0].start == pages(1, 4).start);
    CHECK(room[0].end == pages(1, 4).end);
    CHECK(room[0].categories == label(PageState::written));
    CHECK(room[1].end == pages(4, 6).end);
    CHECK(room[1].categories == label(PageState::discarded));
}

TEST_CASE("states: what finds no region any more is left out, what goes on is not") {
    std::array<Region, 1> room{};
    StatesOut out{room, 100};
    out.add(pages(1, 2), PageState::written);
    CHECK(out.room() == 0);
    CHECK(out.add(pages(2, 3), PageState::written) == pages(2, 3).end);
    CHECK(out.add(pages(4, 5), PageState::written) == pages(4, 5).start);
    CHECK(out.add(pages(3, 4), PageState::discarded) == pages(3, 4).start);
    CHECK(room[0].end == pages(2, 3).end);
}

TEST_CASE("states: no more pages than the limit, counted over all regions") {
    std::array<Region, 4> room{};
    StatesOut out{room, 5};
    out.add(pages(1, 4), PageState::written);
    CHECK(out.add(pages(10, 20), PageState::discarded) == pages(10, 12).end);
    CHECK(out.add(pages(20, 21), PageState::written) == pages(20, 21).start);
    CHECK(out.found().size() == 2);
}
