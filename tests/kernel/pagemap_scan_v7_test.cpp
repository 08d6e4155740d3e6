// SPDX-License-Identifier: MIT
// The request of January 2023: what it reports, and what it refuses.
#include "host.h"
#include "need.h"
#include "registered.h"

#include <array>
#include <cerrno>
#include <utility>

namespace {

constexpr std::uint64_t kWt = WW_V7_PAGE_IS_WT;
constexpr std::uint64_t kFile = WW_V7_PAGE_IS_FILE;
constexpr std::uint64_t kPresent = WW_V7_PAGE_IS_PRESENT;
constexpr std::uint64_t kSwapped = WW_V7_PAGE_IS_SWAPPED;
constexpr std::uint64_t kAll = kWt | kFile | kPresent | kSwapped;
constexpr std::uint32_t kEngage = WW_V7_PAGEMAP_WP_ENGAGE;

// Pages of a file on disk, mapped privately.
class FilePages : public Pages {
public:
    explicit FilePages(std::size_t count) : Pages(count) {
        const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        REQUIRE(::mmap(at(0), bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0) !=
                MAP_FAILED);
        ::close(file);
    }
};

} // namespace

TEST_CASE("v7 get: written pages are reported any number of times") {
    const Registered pages{8};
    pages.store(2);
    pages.store(5);
    CHECK(v7_get(pages) == PageSet{2, 5});
    CHECK(v7_get(pages) == PageSet{2, 5});
}

TEST_CASE("v7 get and clear: written pages are reported once, and again after a write") {
    const Registered pages{8};
    pages.store(2);
    CHECK(v7_get_and_clear(pages) == PageSet{2});
    CHECK(v7_get_and_clear(pages).empty());
    pages.store(2);
    pages.store(7);
    CHECK(v7_get_and_clear(pages) == PageSet{2, 7});
}

TEST_CASE("v7 clear: everything is clean, and what is written later is reported") {
    const Registered pages{1000};
    for (std::size_t page = 0; page < pages.count(); page += 2)
        pages.store(page);
    CHECK(v7_clear(pages) == 0);
    CHECK(v7_get(pages).empty());
    pages.store(1);
    pages.store(2);
    CHECK(v7_get(pages) == PageSet{1, 2});

    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, kEngage);
    arg.max_pages = 1;
    arg.excluded_mask = kPresent;
    CHECK(ww_v7_pagemap_scan(0, &arg) == 0);
    CHECK(v7_get(pages).empty());
}

TEST_CASE("v7: memory that a tracker watches works too") {
    NEED(can::share_with_pagemap_scan);
    const Watched pages{4};
    pages.store(3);
    CHECK(v7_get_and_clear(pages) == PageSet{3});
    CHECK(pages.written().empty());
}

TEST_CASE("v7: neighbours with the same bitmap are one region, others are not") {
    const Registered pages{6};
    for (const std::size_t page : PageSet{0, 1, 2, 4})
        pages.store(page);
    std::array<ww_v7_page_region, 6> out{};
    ww_v7_pagemap_scan_arg arg = v7_request(pages, out, kEngage);
    arg.len = 2 * kPage;
    REQUIRE(ww_v7_pagemap_scan(0, &arg) == 1);
    CHECK(out[0].start == arg.start);
    CHECK(out[0].len == 2);
    CHECK(out[0].bitmap == kWt);

    arg = v7_request(pages, out, 0);
    arg.required_mask = 0;
    arg.anyof_mask = kPresent;
    arg.return_mask = kWt | kPresent;
    REQUIRE(ww_v7_pagemap_scan(0, &arg) == 3);
    CHECK(out[0].bitmap == kPresent);
    CHECK(out[1].start == address_of(pages.at(2)));
    CHECK(out[1].bitmap == (kWt | kPresent));
    CHECK(out[2].start == address_of(pages.at(4)));
}

TEST_CASE("v7: thousands of regions, and one of thousands of pages, come whole") {
    const Registered pages{70'000};
    PageSet every_third;
    for (std::size_t page = 0; page < 6000; page += 3) {
        pages.store(page);
        every_third.insert(page);
    }
    CHECK(v7_get(pages) == every_third);
    CHECK(v7_get_and_clear(pages) == every_third);
    pages.store_all();
    std::array<ww_v7_page_region, 2> out{};
    const ww_v7_pagemap_scan_arg arg = v7_request(pages, out, kEngage);
    CHECK(ww_v7_pagemap_scan(0, &arg) == 1);
    CHECK(out[0].len == pages.count());
    CHECK(v7_get(pages).empty());
}

TEST_CASE("v7: a page begun at the end is included, an empty range is empty") {
    const Registered pages{4};
    pages.store_all();
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, 0);
    arg.len = kPage + 1;
    CHECK(v7_scan(pages, arg) == PageSet{0, 1});
    arg.len = 0;
    CHECK(v7_scan(pages, arg).empty());
}

TEST_CASE("v7: FILE is said of mappings with a file, also of a private copy's page") {
    const FilePages file{2};
    file.store(1);
    const Pages anonymous{2};
    anonymous.store(0);
    const auto bitmap = [](const Pages& pages, std::size_t page) {
        ww_v7_page_region out{};
        ww_v7_pagemap_scan_arg arg = v7_request(pages, {&out, 1}, 0);
        arg.start = address_of(pages.at(page));
        arg.len = kPage;
        arg.required_mask = 0;
        arg.anyof_mask = kFile | kPresent;
        arg.return_mask = kFile | kPresent;
        return ww_v7_pagemap_scan(0, &arg) == 1 ? out.bitmap : 0;
    };
    CHECK(bitmap(file, 0) == kFile);
    CHECK(bitmap(file, 1) == (kFile | kPresent));
    CHECK(bitmap(anonymous, 0) == kPresent);
    CHECK(bitmap(anonymous, 1) == 0);
}

TEST_CASE("v7: the masks select by required, any of and excluded") {
    const Registered pages{4};
    map_shared(pages, 2, 2);
    pages.registration().add(pages.at(2), 2 * kPage);
    pages.store(0);
    pages.store(2);
    const auto select = [&](std::uint64_t required, std::uint64_t any_of, std::uint64_t excluded) {
        ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, 0);
        arg.required_mask = required;
        arg.anyof_mask = any_of;
        arg.excluded_mask = excluded;
        arg.return_mask = kAll;
        return v7_scan(pages, arg);
    };
    CHECK(select(kFile, 0, 0) == PageSet{2, 3});
    CHECK(select(kFile | kPresent, 0, 0) == PageSet{2});
    CHECK(select(kPresent, 0, kFile) == PageSet{0});
    CHECK(select(0, kFile | kPresent, 0) == PageSet{0, 2, 3});
    CHECK(select(0, 0, kPresent) == PageSet{3});
    CHECK(select(kPresent, 0, kPresent).empty());
}

TEST_CASE("v7: each wrong argument has the proposal's error, the first in its order counts") {
    const Registered pages{4};
    std::array<ww_v7_page_region, 4> out{};
    const auto result = [&](auto change) {
        ww_v7_pagemap_scan_arg arg = v7_request(pages, out, kEngage);
        change(arg);
        return ww_v7_pagemap_scan(0, &arg);
    };
    using Arg = ww_v7_pagemap_scan_arg;
    constexpr std::uint64_t kKernelAddress = std::uint64_t{1} << 63;
    CHECK(result([](Arg&) {}) == 0);
    CHECK(result([](Arg& arg) { arg.start += 1; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.start = kKernelAddress; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.len = ~arg.start; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.start += 1, arg.vec_len = 0; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.vec_len = 0; }) == -ENOMEM);
    CHECK(result([](Arg& arg) { arg.vec_len = 0, arg.flags = 2; }) == -ENOMEM);
    CHECK(result([](Arg& arg) { arg.vec = kKernelAddress; }) == -ENOMEM);
    CHECK(result([](Arg& arg) { arg.vec_len = ~std::uint64_t{0}; }) == -ENOMEM);
    CHECK(result([](Arg& arg) { arg.flags |= 2; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.excluded_mask = 16; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.return_mask |= 16; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.required_mask = 0; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.return_mask = 0; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.required_mask |= kPresent; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.anyof_mask |= kSwapped; }) == -EINVAL);
    CHECK(result([](Arg& arg) { arg.flags = 0, arg.required_mask |= kPresent; }) == 0);
    CHECK(ww_v7_pagemap_scan(0, nullptr) == -EFAULT);
}

TEST_CASE("v7: neither output nor flag checks the arguments and does nothing") {
    const Registered pages{2};
    pages.store(1);
    ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, 0);
    arg.vec_len = 7;
    CHECK(ww_v7_pagemap_scan(0, &arg) == 0);
    arg.flags = 2;
    CHECK(ww_v7_pagemap_scan(0, &arg) == -EINVAL);
    CHECK(v7_get(pages) == PageSet{1});
}

TEST_CASE("v7: WT of memory that 2023 could not track is refused, registered or not") {
    const FilePages file{2};
    std::array<ww_v7_page_region, 2> out{};
    ww_v7_pagemap_scan_arg arg = v7_request(file, out, 0);
    CHECK(ww_v7_pagemap_scan(0, &arg) == -EPERM);
    const Registration registration;
    registration.add(file.at(0), file.bytes());
    CHECK(ww_v7_pagemap_scan(0, &arg) == -EPERM);
    arg.anyof_mask = std::exchange(arg.required_mask, 0);
    CHECK(ww_v7_pagemap_scan(0, &arg) == -EPERM);
    // Not asked for WT, merely told.
    arg.anyof_mask = kFile;
    CHECK(ww_v7_pagemap_scan(0, &arg) == 1);
}

TEST_CASE("v7: of anonymous and shared memory WT may be asked without registration") {
    const Pages pages{6};
    map_shared(pages, 2, 2);
    REQUIRE(::mmap(pages.at(4), 2 * kPage, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    for (const std::size_t page : PageSet{0, 2, 4})
        pages.store(page);
    CHECK(v7_get(pages) == PageSet{0, 2, 4});
}

TEST_CASE("v7: engaging where a part is not registered is refused, and changes nothing") {
    const Registered pages{8};
    pages.store_all();
    REQUIRE(::mmap(pages.at(6), kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    std::array<ww_v7_page_region, 8> out{};
    const ww_v7_pagemap_scan_arg arg = v7_request(pages, out, kEngage);
    CHECK(ww_v7_pagemap_scan(0, &arg) == -EPERM);
    CHECK(out[0].len == 0);
    CHECK(v7_clear(pages) == -EPERM);
    CHECK(v7_get(pages).size() == 7);
}

TEST_CASE("v7: what is not mapped is passed over") {
    const Registered pages{6};
    pages.store_all();
    REQUIRE(::munmap(pages.at(2), 2 * kPage) == 0);
    CHECK(v7_get_and_clear(pages) == PageSet{0, 1, 4, 5});
    CHECK(v7_get(pages).empty());
}

TEST_CASE("v7: the caller's errno and descriptors stay as they were") {
    const Registered pages{2};
    errno = 4242;
    const int before = ::dup(0);
    ::close(before);
    errno = 4242;
    v7_get_and_clear(pages);
    const ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, 0);
    CHECK(ww_v7_pagemap_scan(0x7fffffff, &arg) == -ESRCH);
    ww_pm_scan_arg today = today_request(pages, {}, 0);
    CHECK(ww_pagemap_scan(0x7fffffff, &today) == -ESRCH);
    CHECK(errno == 4242);
    const int after = ::dup(0);
    ::close(after);
    CHECK(after == before);
}

TEST_CASE("v7: with too few descriptors the error says so, and is no refusal of the memory") {
    const Registered pages{2};
    map_shared(pages, 0, 2);
    pages.store(0);
    std::array<ww_v7_page_region, 2> out{};
    const ww_v7_pagemap_scan_arg arg = v7_request(pages, out, 0);
    const int lowest = ::dup(0);
    ::close(lowest);
    constexpr int kNeeded = 4;
    for (int room = 0; room <= kNeeded; ++room) {
        CAPTURE(room);
        std::ptrdiff_t result = 0;
        {
            const DescriptorLimit limit{static_cast<rlim_t>(lowest + room)};
            result = ww_v7_pagemap_scan(0, &arg);
        }
        CHECK(result == (room < kNeeded ? -EMFILE : 1));
    }
}
