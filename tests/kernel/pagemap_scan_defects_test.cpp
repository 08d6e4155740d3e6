// SPDX-License-Identifier: MIT
// What the proposal of January 2023 did wrong and the functions do right: a case
// for each line of "What is better than the proposal" in pagemap_scan.h. That
// writes between reading and protecting are kept is shown in
// pagemap_scan_lost_writes.cpp.
#include "registered.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace {

constexpr std::uint64_t kWt = WW_V7_PAGE_IS_WT;
constexpr std::uint64_t kFile = WW_V7_PAGE_IS_FILE;
constexpr std::uint64_t kPresent = WW_V7_PAGE_IS_PRESENT;
constexpr std::uint64_t kSwapped = WW_V7_PAGE_IS_SWAPPED;
constexpr std::uint32_t kEngage = WW_V7_PAGEMAP_WP_ENGAGE;

constexpr std::size_t kHugeBytes = 2 << 20;

// Aligned memory of transparent huge pages, all written; false if none come.
bool make_huge(const Pages& pages) {
    if (::madvise(pages.at(0), pages.bytes(), MADV_HUGEPAGE) != 0)
        return false;
    pages.store_all();
    ww_page_region out{};
    ww_pm_scan_arg arg = today_request(pages, {&out, 1}, 0);
    arg.category_mask = arg.return_mask = WW_PAGE_IS_HUGE;
    return ww_pagemap_scan(0, &arg) == 1 && out.end - out.start == pages.bytes();
}

} // namespace

TEST_CASE("v7: pages that the masks reject are not protected and stay written") {
    const Registered pages{4};
    map_shared(pages, 2, 2);
    pages.registration().add(pages.at(2), 2 * kPage);
    pages.store_all();
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, kEngage);
    arg.excluded_mask = kFile;
    CHECK(v7_scan(pages, arg) == PageSet{0, 1});
    CHECK(v7_get(pages) == PageSet{2, 3});
    arg.excluded_mask = kPresent;
    CHECK(v7_scan(pages, arg).empty());
    arg.excluded_mask = 0;
    arg.return_mask = kSwapped; // present ones have nothing to report
    CHECK(v7_scan(pages, arg).empty());
    CHECK(v7_get(pages) == PageSet{2, 3});
}

TEST_CASE("v7: asking for the clean pages leaves the written ones written") {
    const Registered pages{4};
    pages.store_all();
    CHECK(v7_get_and_clear(pages).size() == 4);
    pages.store(1);
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, kEngage);
    arg.required_mask = 0;
    arg.excluded_mask = kWt;
    arg.return_mask = kPresent;
    CHECK(v7_scan(pages, arg) == PageSet{0, 2, 3});
    CHECK(v7_get(pages) == PageSet{1});
}

TEST_CASE("v7: never more than vec_len regions are stored") {
    const Registered pages{64};
    for (std::size_t page = 0; page < pages.count(); page += 2)
        pages.store(page);
    for (const std::uint32_t flags : {std::uint32_t{0}, kEngage}) {
        for (std::size_t room = 1; room < 8; ++room) {
            CAPTURE(room);
            std::array<ww_v7_page_region, 9> out{};
            const ww_v7_pagemap_scan_arg arg = v7_request(pages, std::span{out}.first(room), flags);
            CHECK(ww_v7_pagemap_scan(0, &arg) == static_cast<std::ptrdiff_t>(room));
            CHECK(out[room - 1].len == 1);
            CHECK(out[room].len == 0);
        }
    }
}

TEST_CASE("v7: a full vec ends the scan: nothing is skipped, what is behind stays written") {
    const Registered pages{4 * kHugeBytes / kPage};
    PageSet stored;
    for (std::size_t page = 0; page < pages.count(); page += 5) {
        pages.store(page);
        stored.insert(page);
    }
    PageSet found;
    ww_v7_page_region out[7];
    ww_v7_pagemap_scan_arg arg = v7_request(pages, out, kEngage);
    const std::uint64_t end = arg.start + arg.len;
    for (std::ptrdiff_t filled = 7; filled == 7;) {
        filled = ww_v7_pagemap_scan(0, &arg);
        REQUIRE(filled >= 0);
        const PageSet some =
            pages_of(pages, std::span{out}.first(static_cast<std::size_t>(filled)));
        found.insert(some.begin(), some.end());
        if (filled == 0)
            break;
        arg.start = out[filled - 1].start + out[filled - 1].len * kPage;
        arg.len = end - arg.start;
        CHECK(v7_get(pages).size() == stored.size() - found.size());
    }
    CHECK(found == stored);
}

TEST_CASE("v7: of a huge page cut by max_pages the rest stays written") {
    const Registered pages{kHugeBytes / kPage, kHugeBytes};
    if (!make_huge(pages)) {
        MESSAGE("skipped: no transparent huge page could be had");
        return;
    }
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, kEngage);
    arg.max_pages = 3;
    CHECK(v7_scan(pages, arg) == PageSet{0, 1, 2});
    CHECK(v7_get(pages) == pages_between(3, pages.count()));
    arg.max_pages = 0;
    arg.start += 10 * kPage;
    arg.len = 5 * kPage;
    CHECK(v7_scan(pages, arg) == pages_between(10, 15));
    CHECK(v7_get(pages).size() == pages.count() - 8);
}

TEST_CASE("v7: a huge page that is protected whole reports one page after one write") {
    const Registered pages{kHugeBytes / kPage, kHugeBytes};
    if (!make_huge(pages)) {
        MESSAGE("skipped: no transparent huge page could be had");
        return;
    }
    CHECK(v7_get_and_clear(pages).size() == pages.count());
    pages.store(77);
    CHECK(v7_get(pages) == PageSet{77});
}

TEST_CASE("v7: protected shared pages that were dropped are clean, with the mark as SWAPPED") {
    const Registered pages{4};
    map_shared(pages, 0, 4);
    pages.registration().add(pages.at(0), pages.bytes());
    pages.store_all();
    CHECK(v7_get_and_clear(pages).size() == 4);
    pages.store(1);
    REQUIRE(::madvise(pages.at(2), kPage, MADV_DONTNEED) == 0);
    CHECK(v7_get(pages) == PageSet{1});
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, 0);
    arg.required_mask = kSwapped;
    CHECK(v7_scan(pages, arg).empty()); // WT is not among its bits
    arg.return_mask = kSwapped;
    CHECK(v7_scan(pages, arg) == PageSet{2});
    pages.load(2);
    CHECK(v7_get(pages) == PageSet{1});
    pages.store(2);
    CHECK(v7_get(pages) == PageSet{1, 2});
}

TEST_CASE("v7: written shared pages that were dropped are still reported") {
    const Registered pages{4};
    map_shared(pages, 0, 4);
    pages.registration().add(pages.at(0), pages.bytes());
    CHECK(v7_clear(pages) == 0);
    CHECK(v7_get(pages).empty());
    pages.store(1);
    REQUIRE(::madvise(pages.at(0), pages.bytes(), MADV_DONTNEED) == 0);
    CHECK(v7_get_and_clear(pages) == PageSet{1});
    CHECK(v7_get_and_clear(pages).empty());
}

TEST_CASE("v7: untouched anonymous pages beside a touched one are clean") {
    const Registered pages{8};
    pages.store(4);
    CHECK(v7_get(pages) == PageSet{4});
    CHECK(v7_get_and_clear(pages) == PageSet{4});
    pages.store(5);
    CHECK(v7_get(pages) == PageSet{5});
}

TEST_CASE("v7: an output that cannot be written to fails before anything is protected") {
    const Registered pages{300};
    for (std::size_t page = 0; page < pages.count(); page += 2)
        pages.store(page);
    const Pages out{2};
    REQUIRE(::mprotect(out.at(0), out.bytes(), PROT_READ) == 0);
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, kEngage);
    arg.vec = address_of(out.at(0));
    arg.vec_len = 300;
    CHECK(ww_v7_pagemap_scan(0, &arg) == -EFAULT);
    REQUIRE(::munmap(out.at(0), kPage) == 0);
    CHECK(ww_v7_pagemap_scan(0, &arg) == -EFAULT);
    CHECK(v7_get(pages).size() == 150);
}

TEST_CASE("v7: where a part of the output is bad, what fits in front of it is reported") {
    const Registered pages{600};
    PageSet stored;
    for (std::size_t page = 0; page < pages.count(); page += 2) {
        pages.store(page);
        stored.insert(page);
    }
    const Pages out{2};
    REQUIRE(::mprotect(out.at(1), kPage, PROT_NONE) == 0);
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, kEngage);
    arg.vec = address_of(out.at(0)) + 1; // nor need it be aligned
    arg.vec_len = 300;
    const std::ptrdiff_t filled = ww_v7_pagemap_scan(0, &arg);
    REQUIRE(filled > 0);
    CHECK(filled < 171);
    std::vector<ww_v7_page_region> regions(static_cast<std::size_t>(filled));
    std::memcpy(regions.data(), out.at(0) + 1, regions.size() * sizeof regions[0]);
    PageSet all = pages_of(pages, regions);
    const PageSet left = v7_get(pages);
    CHECK(all.size() + left.size() == stored.size());
    all.insert(left.begin(), left.end());
    CHECK(all == stored);
}

#if UINTPTR_MAX > 0xffffffff
TEST_CASE("v7: 64 GiB that were hardly touched cost what was touched, and no page tables") {
    const Registered pages{(std::size_t{64} << 30) / kPage};
    const PageSet touched{0, 1'000'000, 16'777'215};
    for (const std::size_t page : touched)
        pages.store(page);
    const long before = status_kb("VmPTE:");
    std::array<ww_v7_page_region, 8> out{};
    for (const std::uint32_t flags : {std::uint32_t{0}, kEngage}) {
        const ww_v7_pagemap_scan_arg arg = v7_request(pages, out, flags);
        REQUIRE(ww_v7_pagemap_scan(0, &arg) == 3);
        CHECK(pages_of(pages, std::span{out}.first(3)) == touched);
    }
    CHECK(v7_clear(pages) == 0);
    CHECK(status_kb("VmPTE:") <= before + 16);
}
#endif
