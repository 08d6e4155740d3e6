// SPDX-License-Identifier: MIT
// Today's request: the kernel's words, without the kernel's traps.
#include "registered.h"

#include <array>
#include <cerrno>

namespace {

constexpr std::uint64_t kProtect = WW_PM_SCAN_WP_MATCHING;
constexpr std::uint64_t kCheck = WW_PM_SCAN_CHECK_WPASYNC;
constexpr std::uint64_t kContents = WW_PAGE_IS_PRESENT | WW_PAGE_IS_SWAPPED;

// What is said of one page.
std::uint64_t categories(const Pages& pages, std::size_t page, std::uint64_t asked) {
    ww_page_region out{};
    ww_pm_scan_arg arg = today_request(pages, {&out, 1}, 0);
    arg.start = address_of(pages.at(page));
    arg.end = arg.start + kPage;
    arg.category_mask = 0;
    arg.return_mask = asked;
    REQUIRE(ww_pagemap_scan(0, &arg) == 1);
    return out.categories;
}

} // namespace

TEST_CASE("scan: get, get and clear, and clear") {
    const Registered pages{8};
    pages.store(2);
    pages.store(5);
    CHECK(today_get(pages) == PageSet{2, 5});
    CHECK(today_get_and_clear(pages) == PageSet{2, 5});
    CHECK(today_get(pages).empty());
    pages.store(5);
    ww_pm_scan_arg clear = today_request(pages, {}, kProtect);
    CHECK(ww_pagemap_scan(0, &clear) == 0);
    CHECK(clear.walk_end == clear.end);
    CHECK(today_get(pages).empty());
}

TEST_CASE("scan: the categories of each kind of page") {
    constexpr std::uint64_t kAll = WW_PAGE_IS_WPALLOWED | WW_PAGE_IS_WRITTEN | WW_PAGE_IS_FILE |
                                   kContents | WW_PAGE_IS_PFNZERO | WW_PAGE_IS_HUGE;
    const Registered pages{8};
    map_shared(pages, 4, 2);
    REQUIRE(::mmap(pages.at(6), kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    pages.store(0);
    pages.load(1);
    pages.store(3);
    REQUIRE(today_get_and_clear(pages).count(3) == 1);
    pages.store(0);
    pages.store(4);
    pages.store(6);
    constexpr std::uint64_t kHere = WW_PAGE_IS_WPALLOWED | WW_PAGE_IS_PRESENT;
    CHECK(categories(pages, 0, kAll) == (kHere | WW_PAGE_IS_WRITTEN));
    CHECK(categories(pages, 1, kAll) == (kHere | WW_PAGE_IS_PFNZERO));
    CHECK(categories(pages, 2, kAll) == WW_PAGE_IS_WPALLOWED);
    CHECK(categories(pages, 3, kAll) == kHere);
    CHECK(categories(pages, 4, kAll) ==
          (WW_PAGE_IS_PRESENT | WW_PAGE_IS_FILE | WW_PAGE_IS_WRITTEN));
    CHECK(categories(pages, 6, kAll) == (WW_PAGE_IS_PRESENT | WW_PAGE_IS_WRITTEN));
    CHECK(categories(pages, 7, kAll) == WW_PAGE_IS_WPALLOWED);
}

TEST_CASE("scan: guard pages are told, or the category refused by kernels that lack it") {
    const Registered pages{3};
    pages.store_all();
    constexpr int kGuardInstall = 102;
    if (::madvise(pages.at(1), kPage, kGuardInstall) != 0) {
        ww_page_region out{};
        ww_pm_scan_arg arg = today_request(pages, {&out, 1}, 0);
        arg.return_mask = WW_PAGE_IS_GUARD;
        CHECK(ww_pagemap_scan(0, &arg) == -EINVAL);
        MESSAGE("skipped: this kernel has no guard pages");
        return;
    }
    ww_pm_scan_arg arg = today_request(pages, {}, 0);
    arg.category_mask = WW_PAGE_IS_GUARD;
    CHECK(today_scan(pages, arg) == PageSet{1});
}

TEST_CASE("scan: an untouched page is not written, and can be asked for") {
    const Registered pages{6};
    pages.store(2);
    ww_pm_scan_arg arg = today_request(pages, {}, 0);
    arg.category_inverted = WW_PAGE_IS_WRITTEN;
    CHECK(today_scan(pages, arg) == PageSet{0, 1, 3, 4, 5});
    arg.category_mask = arg.category_inverted = kContents;
    CHECK(today_scan(pages, arg) == PageSet{0, 1, 3, 4, 5});
}

TEST_CASE("scan: masks select by mask, inverted and any of, with and without protecting") {
    const Registered pages{6};
    map_shared(pages, 3, 3);
    pages.registration().add(pages.at(3), 3 * kPage);
    pages.store(0);
    pages.load(1);
    pages.store(4);
    const auto select = [&](std::uint64_t flags, std::uint64_t mask, std::uint64_t inverted,
                            std::uint64_t any_of) {
        ww_pm_scan_arg arg = today_request(pages, {}, flags);
        arg.category_mask = mask;
        arg.category_inverted = inverted;
        arg.category_anyof_mask = any_of;
        return today_scan(pages, arg);
    };
    constexpr std::uint64_t kWritten = WW_PAGE_IS_WRITTEN;
    constexpr std::uint64_t kZero = WW_PAGE_IS_PFNZERO;
    CHECK(select(0, kWritten | kZero, kZero, WW_PAGE_IS_PRESENT) == PageSet{0, 4});
    CHECK(select(0, WW_PAGE_IS_FILE, 0, 0) == PageSet{4});
    CHECK(select(0, 0, 0, WW_PAGE_IS_FILE | kZero) == PageSet{1, 4});
    CHECK(select(kProtect, kWritten | kZero, kZero, WW_PAGE_IS_FILE) == PageSet{4});
    CHECK(select(kProtect, kWritten | kZero, kZero, kContents) == PageSet{0});
    CHECK(select(0, kWritten, 0, kContents) == PageSet{1});
    // What nothing is known of, in a file: reported until it is marked.
    CHECK(select(kProtect, kWritten, 0, 0) == PageSet{1, 3, 5});
    CHECK(select(kProtect, kWritten, 0, 0).empty());
}

TEST_CASE("scan: protecting passes over holes, and tells clean pages when asked") {
    const Registered pages{6};
    pages.store(1);
    pages.store(2);
    REQUIRE(today_get_and_clear(pages).size() == 2);
    pages.store(2);
    map_shared(pages, 4, 1); // not registered
    ww_pm_scan_arg arg = today_request(pages, {}, kProtect);
    arg.category_inverted = WW_PAGE_IS_WRITTEN;
    CHECK(today_scan(pages, arg) == PageSet{1});
    arg.category_mask = arg.category_inverted = 0;
    arg.category_anyof_mask = WW_PAGE_IS_WPALLOWED | WW_PAGE_IS_PFNZERO;
    CHECK(today_scan(pages, arg) == PageSet{1, 2});
    CHECK(today_get(pages).empty());
}

TEST_CASE("scan: walk_end is right after more regions than the kernel can count") {
    const Registered pages{4096};
    PageSet stored;
    for (std::size_t page = 0; page < pages.count(); page += 2) {
        pages.store(page);
        stored.insert(page);
    }
    for (const std::uint64_t flags : {std::uint64_t{0}, kProtect}) {
        std::vector<ww_page_region> out(700);
        ww_pm_scan_arg arg = today_request(pages, out, flags);
        PageSet found;
        for (std::ptrdiff_t filled = 700; filled == 700; arg.start = arg.walk_end) {
            filled = ww_pagemap_scan(0, &arg);
            REQUIRE(filled >= 0);
            const PageSet some =
                pages_of(pages, std::span{out}.first(static_cast<std::size_t>(filled)));
            CHECK(some.size() == static_cast<std::size_t>(filled));
            CHECK(arg.walk_end > *some.rbegin() * kPage + address_of(pages.at(0)));
            found.insert(some.begin(), some.end());
        }
        CHECK(arg.walk_end == arg.end);
        CHECK(found == stored);
    }
}

TEST_CASE("scan: max_pages ends it exactly, with and without protecting") {
    const Registered pages{16};
    pages.store_all();
    ww_page_region out[4];
    for (const std::uint64_t flags : {std::uint64_t{0}, kProtect}) {
        ww_pm_scan_arg arg = today_request(pages, out, flags);
        arg.max_pages = 5;
        REQUIRE(ww_pagemap_scan(0, &arg) == 1);
        CHECK(out[0].end == address_of(pages.at(5)));
        CHECK(arg.walk_end == out[0].end);
    }
    CHECK(today_get(pages) == pages_between(5, 16));
}

TEST_CASE("scan: without an output the masks and max_pages hold too") {
    const Registered pages{8};
    map_shared(pages, 4, 4);
    pages.registration().add(pages.at(4), 4 * kPage);
    pages.store_all();
    ww_pm_scan_arg arg = today_request(pages, {}, kProtect);
    arg.max_pages = 2;
    CHECK(ww_pagemap_scan(0, &arg) == 0);
    CHECK(arg.walk_end == address_of(pages.at(2)));
    CHECK(today_get(pages) == pages_between(2, 8));
    arg.max_pages = 0;
    arg.category_mask |= WW_PAGE_IS_FILE;
    CHECK(ww_pagemap_scan(0, &arg) == 0);
    CHECK(today_get(pages) == PageSet{2, 3});
}

TEST_CASE("scan: without output and flag nothing is done") {
    const Registered pages{2};
    pages.store(0);
    ww_pm_scan_arg arg = today_request(pages, {}, 0);
    CHECK(ww_pagemap_scan(0, &arg) == 0);
    CHECK(arg.walk_end == arg.end);
    CHECK(today_get(pages) == PageSet{0});
}

TEST_CASE("scan: an output of no regions is full at once, and nothing is protected") {
    const Registered pages{2};
    pages.store(0);
    ww_page_region out{};
    ww_pm_scan_arg arg = today_request(pages, {&out, 0}, kProtect);
    arg.vec = address_of(&out);
    CHECK(ww_pagemap_scan(0, &arg) == 0);
    CHECK(arg.walk_end == arg.start);
    CHECK(today_get(pages) == PageSet{0});
}

TEST_CASE("scan: memory that is not registered is passed over, or refused beforehand") {
    const Registered pages{8};
    REQUIRE(::mmap(pages.at(4), 2 * kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    pages.store_all();
    std::array<ww_page_region, 8> out{};
    for (const std::uint64_t flags : {kCheck, kCheck | kProtect}) {
        ww_pm_scan_arg arg = today_request(pages, out, flags);
        CHECK(ww_pagemap_scan(0, &arg) == -EPERM);
        CHECK(arg.walk_end == 0);
    }
    CHECK(today_get_and_clear(pages) == PageSet{0, 1, 2, 3, 6, 7});
    CHECK(today_get(pages) == PageSet{4, 5});
}

TEST_CASE("scan: a private mapping of a file can be tracked") {
    const Pages pages{3};
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    REQUIRE(::mmap(pages.at(0), pages.bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
                   file, 0) != MAP_FAILED);
    ::close(file);
    const Registration registration;
    registration.add(pages.at(0), pages.bytes());
    today_get_and_clear(pages);
    CHECK(today_get(pages).empty());
    pages.load(0);
    pages.store(1);
    CHECK(today_get_and_clear(pages) == PageSet{1});
    CHECK(today_get(pages).empty());
}

#if UINTPTR_MAX > 0xffffffff
TEST_CASE("scan: 256 GiB that were hardly touched need no page tables") {
    const Registered pages{(std::size_t{256} << 30) / kPage};
    pages.store(0);
    pages.store(50'000'000);
    const long before = status_kb("VmPTE:");
    std::array<ww_page_region, 8> out{};
    for (const std::uint64_t flags : {std::uint64_t{0}, kProtect}) {
        ww_pm_scan_arg arg = today_request(pages, out, flags);
        REQUIRE(ww_pagemap_scan(0, &arg) == 2);
        CHECK(out[1].start == address_of(pages.at(50'000'000)));
        CHECK(arg.walk_end == arg.end);
    }
    CHECK(status_kb("VmPTE:") <= before + 16);
}
#endif

// Of 64 bits the kernel refuses it: see below.
#if UINTPTR_MAX == UINT32_MAX
TEST_CASE("scan: up to the last of all addresses nothing is left out") {
    const Registered pages{2};
    pages.store(1);
    ww_page_region out{};
    for (const std::uint64_t end : {0xffff'f001, 0xffff'ffff}) {
        CAPTURE(end);
        ww_pm_scan_arg arg = today_request(pages, {&out, 1}, kProtect);
        arg.end = end;
        pages.store(1);
        CHECK(ww_pagemap_scan(0, &arg) == 1);
        CHECK(out.start == address_of(pages.at(1)));
        CHECK(arg.walk_end == out.end);
        arg.start = arg.walk_end;
        CHECK(ww_pagemap_scan(0, &arg) == 0);
        CHECK(arg.walk_end == 0x1'0000'0000);
    }
}
#endif

TEST_CASE("scan: each wrong argument is refused, and changes nothing") {
    const Registered pages{2};
    pages.store(0);
    ww_page_region out{};
    const auto result = [&](auto change) {
        ww_pm_scan_arg arg = today_request(pages, {&out, 1}, kProtect);
        change(arg);
        const std::ptrdiff_t got = ww_pagemap_scan(0, &arg);
        CHECK(arg.walk_end == 0);
        return got;
    };
    using Arg = ww_pm_scan_arg;
    CHECK(result([](Arg& arg) { arg.size = 72; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.flags |= 4; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.start += 8; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.vec = 0; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.category_mask |= 1 << 20; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.return_mask |= 1 << 20; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.end = arg.start - kPage; }) == -EFAULT);
    CHECK(result([](Arg& arg) { arg.end = ~std::uint64_t{0}; }) == -EFAULT);
    CHECK(result([](Arg& arg) { arg.vec = std::uint64_t{1} << 63; }) == -EFAULT);
    CHECK(result([](Arg& arg) { arg.vec_len = ~std::uint64_t{0}; }) == -EFAULT);
    CHECK(result([](Arg& arg) { arg.vec = 8; }) == -EFAULT); // nothing is mapped there
    CHECK(ww_pagemap_scan(0, nullptr) == -EFAULT);
    CHECK(today_get(pages) == PageSet{0});
}
