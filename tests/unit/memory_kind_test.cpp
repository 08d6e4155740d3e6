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

TEST_CASE("memory kinds: a small part refuses huge pages where it has the first page of a block") {
    constexpr std::size_t page = 4096;
    const std::size_t block = ww::granularity(hugetlb, page);
    for (const MemoryKind kind : {anonymous, file, shared}) {
        const auto refused = [&](Range range) {
            return ww::without_huge_pages({range, kind}, page);
        };
        for (const Range range : {Range{block, block + page}, Range{block - page, block + page},
                                  Range{block + page, 2 * block + page}, Range{block, 3 * block}})
            CHECK(refused(range) == range);
        for (const Range range : {Range{block + page, 2 * block}, Range{block - page, block}})
            CHECK(refused(range).empty());
    }
}

TEST_CASE("memory kinds: where huge pages are kept, none reaches beyond the part") {
    constexpr std::size_t page = 4096;
    const std::size_t block = ww::granularity(hugetlb, page);
    const auto refused = [&](Range range) {
        return ww::without_huge_pages({range, anonymous_huge}, page);
    };
    CHECK(refused({block, 3 * block}).empty());
    CHECK(refused({block + page, 3 * block}).empty());
    CHECK(refused({block, 3 * block + page}) == Range{3 * block, 3 * block + page});
    CHECK(refused({block, block + page}) == Range{block, block + page});
    CHECK(ww::without_huge_pages({{block, 2 * block}, hugetlb}, page).empty());
}
