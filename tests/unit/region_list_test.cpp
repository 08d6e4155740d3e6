// SPDX-License-Identifier: MIT
#include "region_list.h"

#include "writewatch/pagemap_scan.h"

#include <array>
#include <doctest/doctest.h>
#include <random>
#include <vector>

using ww::Range;
using ww::RegionList;

namespace {

constexpr std::size_t kPage = 4096;

Range pages(std::uintptr_t first, std::uintptr_t end) {
    return {first * kPage, end * kPage};
}

std::uintptr_t address_of(const void* memory) {
    return reinterpret_cast<std::uintptr_t>(memory);
}

} // namespace

TEST_CASE("regions that touch and agree are one, others are not") {
    std::array<ww_page_region, 8> out{};
    RegionList list{address_of(out.data()), out.size(), 0, RegionList::Form::today, kPage};
    for (const Range range : {pages(1, 2), pages(2, 5), pages(6, 7)})
        CHECK(list.take(range, 1) == range);
    CHECK(list.take(pages(7, 8), 2) == pages(7, 8));
    REQUIRE(list.count() == 3);
    CHECK(out[0].start == 1 * kPage);
    CHECK(out[0].end == 5 * kPage);
    CHECK(out[1].start == 6 * kPage);
    CHECK(out[2].categories == 2);
    CHECK(out[3].end == 0);
}

TEST_CASE("the proposal's form has a number of pages, and its own bits") {
    ww_v7_page_region out{};
    RegionList list{address_of(&out), 1, 0, RegionList::Form::v7, 0x4000};
    list.take({0x8000, 0x10000}, WW_PAGE_IS_WRITTEN | WW_PAGE_IS_SWAPPED);
    CHECK(out.start == 0x8000);
    CHECK(out.len == 2);
    CHECK(out.bitmap == (WW_V7_PAGE_IS_WT | WW_V7_PAGE_IS_SWAPPED));
}

TEST_CASE("a full list takes what extends its last region, and nothing else") {
    ww_page_region out[2] = {};
    RegionList list{address_of(out), 1, 0, RegionList::Form::today, kPage};
    CHECK(list.take(pages(0, 2), 0) == pages(0, 2));
    CHECK(list.regions_left() == 0);
    CHECK(list.take(pages(2, 3), 0) == pages(2, 3));
    CHECK(list.take(pages(3, 4), 1).empty());
    CHECK(list.take(pages(4, 5), 0).empty());
    CHECK(out[0].end == 3 * kPage);
    CHECK(out[1].end == 0);
}

TEST_CASE("pages are taken up to the limit, cutting a region") {
    ww_page_region out[2] = {};
    RegionList list{address_of(out), 2, 5, RegionList::Form::today, kPage};
    CHECK(list.take(pages(0, 3), 0) == pages(0, 3));
    CHECK(list.take(pages(4, 9), 0) == pages(4, 6));
    CHECK(list.pages_left() == 0);
    CHECK(list.take(pages(6, 7), 0).empty());
    CHECK(out[1].end == 6 * kPage);
}

TEST_CASE("without an output any number is taken, and none stored") {
    RegionList list{0, 0, 0, RegionList::Form::today, kPage};
    for (std::uintptr_t page = 0; page < 1000; page += 2)
        CHECK_FALSE(list.take(pages(page, page + 1), 0).empty());
    CHECK(list.next_slots(8).empty());
}

TEST_CASE("the next slots are what is left of the output, and no more") {
    ww_page_region out[4] = {};
    RegionList list{address_of(out), 4, 0, RegionList::Form::today, kPage};
    CHECK(list.next_slots(2) == Range{address_of(out), address_of(out + 2)});
    list.take(pages(0, 1), 0);
    CHECK(list.next_slots(99) == Range{address_of(out + 1), address_of(out + 4)});
}

TEST_CASE("random pages: the regions say what was taken, page by page") {
    std::mt19937 random{3};
    for (int round = 0; round < 2000; ++round) {
        const std::size_t capacity = random() % 12;
        const std::uint64_t max_pages = random() % 40;
        std::vector<ww_page_region> out(capacity + 1);
        RegionList list{address_of(out.data()), capacity, max_pages, RegionList::Form::today,
                        kPage};
        std::vector<std::uint64_t> taken(200, 99);
        bool full = false;
        for (std::uintptr_t page = 0; page < 180 && !full;) {
            const std::uintptr_t end = page + random() % 4 + 1;
            const std::uint64_t label = random() % 2;
            const Range got = list.take(pages(page, end), label);
            full = got != pages(page, end);
            for (std::uintptr_t a = got.start; a < got.end; a += kPage)
                taken[a / kPage] = label;
            page = end + random() % 3;
        }
        std::vector<std::uint64_t> said(200, 99);
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < list.count(); ++i) {
            for (std::uint64_t a = out[i].start; a < out[i].end; a += kPage, ++count)
                said[static_cast<std::size_t>(a / kPage)] = out[i].categories;
        }
        CHECK(said == taken);
        CHECK(list.count() <= capacity);
        CHECK((max_pages == 0 || count <= max_pages));
        CHECK(out[capacity].end == 0);
    }
}
