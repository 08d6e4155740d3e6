// SPDX-License-Identifier: MIT
// Changes of the mapping under a watch, told and untold.
#include "need.h"
#include "pages.h"

#include <fcntl.h>
#include <sys/syscall.h>

namespace {

void map_over(const Pages& pages, std::size_t first, std::size_t count,
              int protection = PROT_READ | PROT_WRITE) {
    REQUIRE(::mmap(pages.at(first), count * kPage, protection,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages.at(first));
}

} // namespace

TEST_CASE("a change that is told: the part starts clean, the rest keeps its state") {
    const Watched pages{8};
    pages.store_all();
    REQUIRE(pages.collect(WW_RESET, 0, 2).size() == 2);
    map_over(pages, 3, 2);
    REQUIRE(ww_remapped(pages.tracker(), pages.at(3), 2 * kPage) == 0);
    CHECK(pages.written() == PageSet{2, 5, 6, 7});
    pages.store(3);
    pages.store(0);
    CHECK(pages.written_and_reset() == PageSet{0, 2, 3, 5, 6, 7});
    pages.store(4);
    CHECK(pages.written() == PageSet{4});
    CHECK(pages.counters().repairs == 0);
}

TEST_CASE("a change that is told: a write between the change and the word is reported") {
    const Watched pages{4};
    map_over(pages, 1, 2);
    pages.store(1);
    REQUIRE(ww_remapped(pages.tracker(), pages.at(1), 2 * kPage) == 0);
    CHECK(pages.written() == PageSet{1});
}

TEST_CASE("decommit and commit as Wine does it: inaccessible memory over it, then access again") {
    const Watched pages{8};
    pages.store_all();
    map_over(pages, 2, 4, PROT_NONE);
    REQUIRE(ww_remapped(pages.tracker(), pages.at(2), 4 * kPage) == 0);
    CHECK(pages.written() == PageSet{0, 1, 6, 7});
    REQUIRE(::mprotect(pages.at(2), 4 * kPage, PROT_READ | PROT_WRITE) == 0);
    CHECK(pages.written() == PageSet{0, 1, 6, 7});
    pages.store(3);
    CHECK(pages.written_and_reset() == PageSet{0, 1, 3, 6, 7});
    CHECK(pages.written().empty());
}

TEST_CASE("a word about memory that is not watched, or only partly, is fine") {
    const Watched pages{4};
    const Pages other{4};
    CHECK(ww_remapped(pages.tracker(), other.at(0), other.bytes()) == 0);
    REQUIRE(ww_unwatch(pages.tracker(), pages.at(1), kPage) == 0);
    CHECK(ww_remapped(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    CHECK(pages.counters().watches == 2);
}

TEST_CASE("an untold change: present pages are reported, the part is watched again, and counted") {
    const Watched pages{12};
    pages.store(1);
    pages.store(10);
    map_over(pages, 4, 4);
    pages.store(5);
    CHECK(pages.written_and_reset() == PageSet{1, 5, 10});
    CHECK(pages.counters().repairs == 1);
    CHECK(pages.written().empty());
    pages.store(4);
    pages.store(5);
    CHECK(pages.written_and_reset() == PageSet{4, 5});
    CHECK(pages.counters().repairs == 1);
}

TEST_CASE("an untold change in the middle of a reset loses nothing in front of it") {
    NEED(can::see_lost_contents);
    const Watched pages{4000};
    for (std::size_t page = 0; page < pages.count(); page += 2)
        pages.store(page);
    map_over(pages, 3001, 8);
    pages.store(3002);
    PageSet expected;
    for (std::size_t page = 0; page < pages.count(); page += 2) {
        if (page < 3001 || page >= 3009 || page == 3002)
            expected.insert(page);
    }
    CHECK(pages.written_and_reset() == expected);
    CHECK(pages.written().empty());
}

TEST_CASE("many untold changes in one collect are all found") {
    NEED(can::see_lost_contents);
    const Watched pages{64};
    pages.store_all();
    for (std::size_t page = 1; page < 64; page += 4) {
        map_over(pages, page, 1);
        if (page % 8 == 1)
            pages.store(page);
    }
    PageSet expected = pages_between(0, 64);
    for (std::size_t page = 5; page < 64; page += 8)
        expected.erase(page);
    CHECK(pages.written_and_reset() == expected);
    CHECK(pages.counters().repairs == 16);
    CHECK(pages.written().empty());
}

TEST_CASE("a hole in the mapping is passed over") {
    const Watched pages{8};
    pages.store_all();
    REQUIRE(::munmap(pages.at(3), 2 * kPage) == 0);
    CHECK(pages.written_and_reset() == PageSet{0, 1, 2, 5, 6, 7});
    map_over(pages, 3, 2);
    pages.store(4);
    CHECK(pages.written_and_reset() == PageSet{4});
}

TEST_CASE("memory of another kind, mapped in untold: its pages count every time, there or not") {
    NEED(can::refuse_kinds);
    const int file = static_cast<int>(::syscall(SYS_memfd_create, "foreign", 0U));
    REQUIRE(file >= 0);
    REQUIRE(::ftruncate(file, static_cast<off_t>(4 * kPage)) == 0);
    const Watched pages{12};
    pages.store(1);
    pages.store(10);
    REQUIRE(::mmap(pages.at(4), 4 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
                   0) == pages.at(4));
    pages.store(6);
    CHECK(pages.written_and_reset() == PageSet{1, 4, 5, 6, 7, 10});
    CHECK(pages.written_and_reset() == PageSet{4, 5, 6, 7});
    pages.store(7);
    pages.store(11);
    // A written page of a file may leave the page table.
    REQUIRE(::madvise(pages.at(7), kPage, MADV_DONTNEED) == 0);
    CHECK(pages.written_and_reset() == PageSet{4, 5, 6, 7, 11});
    CHECK(pages.counters().repairs > 0);
    ::close(file);
}

TEST_CASE("memory that moved away is not reported, what comes back is") {
    const Watched pages{8};
    const Pages elsewhere{2};
    pages.store_all();
    REQUIRE(::mremap(pages.at(3), 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED,
                     elsewhere.at(0)) == elsewhere.at(0));
    CHECK(pages.written_and_reset() == PageSet{0, 1, 2, 5, 6, 7});
    REQUIRE(::mremap(elsewhere.at(0), 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED,
                     pages.at(3)) == pages.at(3));
    CHECK(pages.written_and_reset() == PageSet{3, 4});
}
