// SPDX-License-Identifier: MIT
#include "address_map.h"

#include <doctest/doctest.h>
#include <map>
#include <memory>
#include <random>
#include <vector>

using ww::AddressMap;
using ww::Arena;
using ww::Range;
using ww::Watch;

namespace {

struct Map {
    Arena arena;
    std::unique_ptr<AddressMap> map = std::make_unique<AddressMap>(arena);

    void lead(Range range, Watch* watch) {
        REQUIRE(map->prepare(range));
        map->assign(range, watch);
    }
};

constexpr std::uintptr_t kPage = 0x1000;

} // namespace

TEST_CASE("address map: addresses inside lead to the watch, neighbours nowhere") {
    Map m;
    Watch watch;
    m.lead({0x7000, 0x9000}, &watch);
    CHECK(m.map->find(0x6fff) == nullptr);
    CHECK(m.map->find(0x7000) == &watch);
    CHECK(m.map->find(0x8fff) == &watch);
    CHECK(m.map->find(0x9000) == nullptr);
}

TEST_CASE("address map: the first watch of a range is found, also far behind its start") {
    Map m;
    Watch near;
    Watch far;
    m.lead({0x100000, 0x101000}, &near);
    m.lead({0x70000000, 0x70001000}, &far);
    CHECK(m.map->find_first({0, 0x100000}) == nullptr);
    CHECK(m.map->find_first({0, 0x100001}) == &near);
    CHECK(m.map->find_first({0x101000, 0x70000000}) == nullptr);
    CHECK(m.map->find_first({0x101000, 0x7fff0000}) == &far);
}

#if UINTPTR_MAX > 0xffffffff
TEST_CASE("address map: a huge range with odd ends is exact at both") {
    Map m;
    Watch watch;
    const Range range{0x123456789000, 0x123456789000 + (std::uintptr_t{256} << 30) + kPage};
    m.lead(range, &watch);
    CHECK(m.map->find(range.start - 1) == nullptr);
    CHECK(m.map->find(range.start) == &watch);
    CHECK(m.map->find(range.start + (range.bytes() / 2)) == &watch);
    CHECK(m.map->find(range.end - 1) == &watch);
    CHECK(m.map->find(range.end) == nullptr);
}

TEST_CASE("address map: the last addresses can be led, what is beyond is nowhere") {
    Map m;
    Watch watch;
    const std::uintptr_t end = std::uintptr_t{1} << 48;
    CHECK(AddressMap::can_hold({end - kPage, end}));
    CHECK_FALSE(AddressMap::can_hold({end - kPage, end + kPage}));
    m.lead({end - kPage, end}, &watch);
    CHECK(m.map->find(end - 1) == &watch);
    CHECK(m.map->find(end) == nullptr);
    CHECK(m.map->find(end | (end - 1)) == nullptr);
    CHECK(m.map->find_first({end, end + kPage}) == nullptr);
}
#endif

TEST_CASE("address map: random changes agree with a page-by-page model") {
    Map m;
    std::vector<Watch> watches(8);
    std::map<std::uintptr_t, Watch*> model; // page number -> watch
    std::mt19937 random{20230109};
    // A window over the seam of two 16 MiB nodes, so that every level takes part.
    constexpr std::uintptr_t kFirst = 0x2000000 - 32 * kPage;
    constexpr std::uintptr_t kPages = 64;
    for (int round = 0; round < 5000; ++round) {
        const std::uintptr_t first = random() % kPages;
        const std::uintptr_t count = 1 + random() % (kPages - first);
        Watch* watch = random() % 3 != 0 ? nullptr : &watches[random() % watches.size()];
        m.lead({kFirst + first * kPage, kFirst + (first + count) * kPage}, watch);
        for (std::uintptr_t page = first; page < first + count; ++page)
            model[page] = watch;
        for (std::uintptr_t page = 0; page < kPages; ++page)
            REQUIRE(m.map->find(kFirst + page * kPage + random() % kPage) == model[page]);

        std::uintptr_t page = random() % kPages;
        const std::uintptr_t end = page + 1 + random() % (kPages - page);
        const Range asked{kFirst + page * kPage, kFirst + end * kPage};
        while (page < end && model[page] == nullptr)
            ++page;
        REQUIRE(m.map->find_first(asked) == (page < end ? model[page] : nullptr));
    }
}

TEST_CASE("address map: a wide watch laid over a fine pattern covers all of it") {
    Map m;
    Watch fine;
    Watch wide;
    for (std::uintptr_t page = 0; page < 64; page += 2)
        m.lead({0x1000000 + page * kPage, 0x1000000 + (page + 1) * kPage}, &fine);
    m.lead({0, 0x40000000}, &wide);
    for (std::uintptr_t page = 0; page < 64; ++page)
        CHECK(m.map->find(0x1000000 + page * kPage) == &wide);
    m.lead({0, 0x40000000}, nullptr);
    CHECK(m.map->find_first({0, 0x40000000}) == nullptr);
}
