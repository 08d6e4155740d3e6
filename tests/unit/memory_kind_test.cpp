// SPDX-License-Identifier: MIT
#include "memory_kind.h"

#include <doctest/doctest.h>

using ww::MemoryKind;
using ww::Range;
using enum ww::MemoryKind;

TEST_CASE("memory kinds: a stronger way of watching serves weaker kinds, hugetlb only itself") {
    constexpr MemoryKind kinds[] = {anonymous, anonymous_huge, file, shared, hugetlb};
    for (const MemoryKind watched : kinds) {
        for (const MemoryKind found : kinds) {
            const bool either = watched == hugetlb || found == hugetlb;
            CHECK(ww::serves(watched, found) == (either ? watched == found : found <= watched));
        }
    }
}

TEST_CASE("memory kinds: a hugetlb page is what a full page table maps, whatever the page size") {
    CHECK(ww::granularity(hugetlb, 4096) == 2U << 20);
    CHECK(ww::granularity(hugetlb, 16384) == 32U << 20);
    CHECK(ww::granularity(hugetlb, 65536) == 512U << 20);
    for (const std::size_t page : {4096U, 16384U}) {
        for (const MemoryKind kind : {anonymous, anonymous_huge, file, shared})
            CHECK(ww::granularity(kind, page) == page);
    }
}

TEST_CASE("memory kinds: a part is whole if it cuts no page at either end") {
    for (const std::size_t page : {std::size_t{4096}, std::size_t{16384}}) {
        CAPTURE(page);
        const std::size_t huge = ww::granularity(hugetlb, page);
        CHECK(ww::is_whole({{huge, 3 * huge}, hugetlb}, page));
        CHECK_FALSE(ww::is_whole({{huge + page, 3 * huge}, hugetlb}, page));
        CHECK_FALSE(ww::is_whole({{huge, 3 * huge - page}, hugetlb}, page));
        CHECK(ww::is_whole({{huge + page, 3 * huge - page}, shared}, page));
        CHECK(ww::whole({{huge + page, 2 * huge + page}, hugetlb}, page) == Range{huge, 3 * huge});
        CHECK(ww::whole({{huge, 2 * huge}, hugetlb}, page) == Range{huge, 2 * huge});
        CHECK(ww::whole({{page, 3 * page}, file}, page) == Range{page, 3 * page});
    }
}
