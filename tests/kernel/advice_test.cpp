// SPDX-License-Identifier: MIT
// What others do to watched memory without a word: advice, locking, moving. No
// write to contents that are still there is lost, and after a collect with
// reset all is exact again.
#include "need.h"
#include "pages.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace {

constexpr std::size_t kBlock = 512; // pages of a huge one

// Of Linux 5.18, 6.1 and 6.13, which Debian 12's headers lack.
constexpr int kPopulateWrite = 23;
constexpr int kCollapse = 25;
constexpr int kGuardInstall = 102;
constexpr int kGuardRemove = 103;

enum class Contents { stay, are_dropped };

struct Advice {
    const char* name;
    int advice;
    Contents contents;
};

const Advice kAdvice[] = {
    {"NORMAL", MADV_NORMAL, Contents::stay},
    {"WILLNEED", MADV_WILLNEED, Contents::stay},
    {"COLD", MADV_COLD, Contents::stay},
    {"PAGEOUT", MADV_PAGEOUT, Contents::stay},
    {"DONTFORK", MADV_DONTFORK, Contents::stay},
    {"WIPEONFORK", MADV_WIPEONFORK, Contents::stay},
    {"DONTDUMP", MADV_DONTDUMP, Contents::stay},
    {"HUGEPAGE", MADV_HUGEPAGE, Contents::stay},
    {"MERGEABLE", MADV_MERGEABLE, Contents::stay},
    {"UNMERGEABLE", MADV_UNMERGEABLE, Contents::stay},
    {"COLLAPSE", kCollapse, Contents::stay},
    {"POPULATE_WRITE", kPopulateWrite, Contents::stay},
    {"FREE", MADV_FREE, Contents::are_dropped},
    {"DONTNEED", MADV_DONTNEED, Contents::are_dropped},
    {"GUARD_INSTALL", kGuardInstall, Contents::are_dropped},
};

bool contains_all(const PageSet& found, const PageSet& wanted) {
    return std::includes(found.begin(), found.end(), wanted.begin(), wanted.end());
}

PageSet within(const PageSet& pages, std::size_t first, std::size_t end) {
    return {pages.lower_bound(first), pages.lower_bound(end)};
}

void check_exact_again(const Watched& pages) {
    pages.written_and_reset();
    CHECK(pages.written().empty());
    pages.store(3);
    pages.store(kBlock + 3);
    CHECK(pages.written_and_reset() == PageSet{3, kBlock + 3});
}

void move(const Pages& pages, std::size_t from, std::size_t count, void* to) {
    REQUIRE(::mremap(pages.at(from), count * kPage, count * kPage, MREMAP_MAYMOVE | MREMAP_FIXED,
                     to) == to);
}

} // namespace

TEST_CASE("advice by others: what was written and is still there is reported, then all is exact") {
    for (const Advice& given : kAdvice) {
        CAPTURE(given.name);
        const Watched pages{2 * kBlock, kBlock * kPage};
        pages.store_all();
        REQUIRE(pages.written_and_reset().size() == pages.count());
        const PageSet in{0, 5, kBlock - 1};
        const PageSet behind{kBlock, 2 * kBlock - 1};
        for (const PageSet& written : {in, behind}) {
            for (const std::size_t page : written)
                pages.store(page, 7);
        }
        if (::madvise(pages.at(0), kBlock * kPage, given.advice) != 0) {
            MESSAGE(std::string{given.name} << ": not given by this kernel (errno " << errno
                                            << ")");
            continue;
        }
        if (given.advice == kGuardInstall)
            REQUIRE(::madvise(pages.at(0), kBlock * kPage, kGuardRemove) == 0);
        // A second writer after the advice.
        pages.store(9);
        const PageSet found = pages.written_and_reset();
        CHECK(found.contains(9));
        CHECK(contains_all(found, behind));
        CHECK(within(found, kBlock, 2 * kBlock) == behind);
        if (given.contents == Contents::stay)
            CHECK(contains_all(found, in));
        check_exact_again(pages);
    }
}

TEST_CASE("locked, and protected by others: no answer changes") {
    NEED(can::keep_state_when_protected);
    const Watched pages{2 * kBlock};
    pages.store(1);
    REQUIRE(pages.written_and_reset() == PageSet{1});
    pages.store(2);
    REQUIRE(::mlock(pages.at(0), 8 * kPage) == 0); // brings all of them in
    CHECK(pages.written().contains(2));
    CHECK(within(pages.written(), 8, 2 * kBlock).empty());
    REQUIRE(::munlock(pages.at(0), 8 * kPage) == 0);
    check_exact_again(pages);
    pages.store(4);
    REQUIRE(::mprotect(pages.at(0), 8 * kPage, PROT_NONE) == 0);
    CHECK(pages.written() == PageSet{4});
    REQUIRE(::mprotect(pages.at(0), 8 * kPage, PROT_READ | PROT_WRITE) == 0);
    CHECK(pages.written_and_reset() == PageSet{4});
    check_exact_again(pages);
}

TEST_CASE("moved within the watch: what moved counts as written at its new place, and is counted") {
    NEED(can::see_lost_contents);
    const Watched pages{2 * kBlock};
    pages.store_all();
    REQUIRE(pages.written_and_reset().size() == pages.count());
    pages.store(1);
    pages.store(10);
    move(pages, 8, 4, pages.at(100));
    CHECK(pages.written_and_reset() == PageSet{1, 100, 101, 102, 103});
    CHECK(pages.counters().repairs > 0);
    check_exact_again(pages);
}

TEST_CASE(
    "shrunk and grown again: the part that is gone says nothing, the new one what is written") {
    NEED(can::see_lost_contents);
    const Watched pages{2 * kBlock};
    pages.store_all();
    REQUIRE(pages.written_and_reset().size() == pages.count());
    pages.store(1);
    pages.store(kBlock + 1);
    REQUIRE(::mremap(pages.at(0), 2 * kBlock * kPage, kBlock * kPage, 0) == pages.at(0));
    CHECK(pages.written() == PageSet{1});
    REQUIRE(::mremap(pages.at(0), kBlock * kPage, 2 * kBlock * kPage, 0) == pages.at(0));
    pages.store(kBlock + 2);
    // Of the new part more may be reported, once: nobody said that it is new.
    const PageSet found = pages.written_and_reset();
    CHECK(found.contains(kBlock + 2));
    CHECK(within(found, 0, kBlock) == PageSet{1});
    check_exact_again(pages);
}

TEST_CASE("all of it replaced, or unmapped and mapped again: what is written then is reported") {
    NEED(can::see_lost_contents);
    for (const bool gap : {false, true}) {
        CAPTURE(gap);
        const Watched pages{2 * kBlock};
        pages.store_all();
        REQUIRE(pages.written_and_reset().size() == pages.count());
        if (gap) {
            REQUIRE(::munmap(pages.at(0), pages.bytes()) == 0);
            CHECK(pages.written().empty());
        }
        REQUIRE(::mmap(pages.at(0), pages.bytes(), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages.at(0));
        ::madvise(pages.at(0), pages.bytes(), MADV_NOHUGEPAGE); // some kernels give them unasked
        pages.store(6);
        CHECK(pages.written_and_reset() == PageSet{6});
        CHECK(pages.counters().repairs == 1);
        check_exact_again(pages);
    }
}

TEST_CASE("REMOVE of shared memory: what is written behind it is reported") {
    const Pages pages{8};
    REQUIRE(::mmap(pages.at(0), pages.bytes(), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages.at(0));
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), pages.at(0), pages.bytes(), 0) == 0);
    pages.store_all();
    REQUIRE(ww_reset(tracker.get(), pages.at(0), pages.bytes()) == 0);
    pages.store(1);
    REQUIRE(::madvise(pages.at(2), 2 * kPage, MADV_REMOVE) == 0);
    pages.store(3);
    std::uint64_t found = 0;
    REQUIRE(ww_collect_bitmap(tracker.get(), pages.at(0), pages.bytes(), WW_RESET, &found, 1,
                              nullptr) >= 2);
    CHECK((found & ~std::uint64_t{1 << 2}) == (1 << 1 | 1 << 3)); // 2 was dropped: either
    CHECK(ww_any_written(tracker.get(), pages.at(0), pages.bytes()) == 0);
}
