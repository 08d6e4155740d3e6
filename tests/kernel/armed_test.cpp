// SPDX-License-Identifier: MIT
// Blocks that are armed from end to end are asked in another, cheaper way. No
// answer may tell which way was used.
#include "pages.h"

#include <algorithm>

namespace {

constexpr std::size_t kBlock = 512;           // pages
constexpr std::size_t kBlockBytes = 2U << 20; // on 4 KiB pages

// Six blocks; 1 to 4 have been written from end to end and reset.
struct Armed : Watched {
    Armed() : Watched(6 * kBlock, kBlockBytes) {
        for (std::size_t page = kBlock; page < 5 * kBlock; ++page)
            store(page);
        REQUIRE(written_and_reset() == pages_between(kBlock, 5 * kBlock));
    }
};

} // namespace

TEST_CASE("armed blocks: clean, then exact for single pages in and around them") {
    const Armed pages;
    CHECK(pages.written_and_reset().empty());
    const PageSet some{0, kBlock - 1, kBlock, 2 * kBlock + 17, 5 * kBlock - 1, 5 * kBlock};
    for (const std::size_t page : some)
        pages.store(page);
    CHECK(pages.written() == some);
    CHECK(pages.written_and_reset() == some);
    CHECK(pages.written_and_reset().empty());
}

TEST_CASE("armed blocks: reading untouched pages beside them reports nothing") {
    const Armed pages;
    pages.load(3);
    pages.load(5 * kBlock + 3);
    pages.load(2 * kBlock);
    CHECK(pages.written_and_reset().empty());
}

TEST_CASE("armed blocks: memory mapped over a part is clean when told, and so it stays") {
    const Armed pages;
    void* part = pages.at(2 * kBlock + 10);
    REQUIRE(::mmap(part, 20 * kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == part);
    REQUIRE(ww_remapped(pages.tracker(), part, 20 * kPage) == 0);
    CHECK(pages.written_and_reset().empty());
    pages.load(2 * kBlock + 12);
    pages.store(2 * kBlock + 11);
    CHECK(pages.written_and_reset() == PageSet{2 * kBlock + 11});
}

TEST_CASE("armed blocks: memory mapped over a part untold reports what was written there, once") {
    const Armed pages;
    void* part = pages.at(2 * kBlock + 10);
    REQUIRE(::mmap(part, 20 * kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == part);
    pages.store(2 * kBlock + 11);
    CHECK(pages.written_and_reset() == PageSet{2 * kBlock + 11});
    CHECK(pages.written_and_reset().empty());
    CHECK(pages.counters().repairs == 1);
}

TEST_CASE(
    "armed blocks: contents dropped behind our back are a superset, declared, and only once") {
    const Armed pages;
    REQUIRE(::madvise(pages.at(2 * kBlock), 3 * kPage, MADV_DONTNEED) == 0);
    const PageSet found = pages.written_and_reset();
    CHECK(std::ranges::includes(pages_between(2 * kBlock, 2 * kBlock + 3), found));
    CHECK(pages.written_and_reset().empty());
}

TEST_CASE("armed blocks: unwatched and watched anew, untouched memory is not reported") {
    const Armed pages;
    REQUIRE(ww_forget(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    REQUIRE(::mmap(pages.at(0), pages.bytes(), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages.at(0));
    REQUIRE(ww_watch(pages.tracker(), pages.at(0), pages.bytes(), 0) == 0);
    CHECK(pages.written_and_reset().empty());
}

TEST_CASE("armed blocks: resets with little room arm them all the same") {
    const Watched pages{4 * kBlock, kBlockBytes};
    pages.store_all();
    for (std::size_t page = 0; page < pages.count(); page += 64)
        CHECK(pages.collect(WW_RESET, page, 64).size() == 64);
    CHECK(pages.written().empty());
    pages.store(700);
    CHECK(pages.written() == PageSet{700});
}
