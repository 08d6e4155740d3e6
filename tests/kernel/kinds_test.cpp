// SPDX-License-Identifier: MIT
// What makes a page written and what does not, on every kind of memory.
#include "memory_kinds.h"
#include "need.h"
#include "writewatch/generations.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>

namespace {

template<class Test>
void on_every_kind(Test test) {
    for (const TestedKind& kind : tested_kinds()) {
        CAPTURE(std::string{kind.name});
        test(kind);
    }
}

PageSet all_pages() {
    return pages_between(0, kKindPages);
}

} // namespace

TEST_CASE("every kind: untouched and merely read pages are clean, written ones reported, once") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        CHECK(pages.written().empty());
        pages.load(1);
        pages.store(3);
        pages.store(6);
        CHECK(pages.written() == PageSet{3, 6});
        CHECK(pages.written_and_reset() == PageSet{3, 6});
        CHECK(pages.written_and_reset().empty());
        pages.load(6);
        pages.store(1);
        CHECK(pages.written_and_reset() == PageSet{1});
        CHECK(pages.counters().repairs == 0);
    });
}

TEST_CASE("every kind: what was written or read before it is watched starts clean") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages, [](const Pages& memory) {
                                memory.store(2);
                                memory.store(5);
                                memory.load(6);
                            }};
        CHECK(pages.written().empty());
        for (const std::size_t page : PageSet{2, 3, 6})
            pages.store(page);
        CHECK(pages.written_and_reset() == PageSet{2, 3, 6});
    });
}

TEST_CASE("every kind: the kernel's writes are reported, and succeed") {
    NEED(can::kernel_writes);
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        const int zeros = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
        CHECK(::read(zeros, pages.at(2), 1) == 1);
        CHECK(::read(zeros, pages.at(5) - 1, 2) == 2);
        ::close(zeros);
        CHECK(pages.written_and_reset() == PageSet{2, 4, 5});
        CHECK(pages.written().empty());
    });
}

TEST_CASE("every kind: protections, also with a reset while nothing may be touched") {
    NEED(can::keep_state_when_protected);
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        pages.store(1);
        for (const int protection : {PROT_READ, PROT_NONE}) {
            REQUIRE(::mprotect(pages.at(0), pages.bytes(), protection) == 0);
            CHECK(pages.written() == PageSet{1});
        }
        CHECK(pages.written_and_reset() == PageSet{1});
        REQUIRE(::mprotect(pages.at(0), pages.bytes(), PROT_READ | PROT_WRITE) == 0);
        CHECK(pages.written().empty());
        pages.store(1);
        CHECK(pages.written() == PageSet{1});
    });
}

TEST_CASE("every kind: collects with room for one page go on where they ended") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        const PageSet some{0, 1, 4, 7};
        for (const std::size_t page : some)
            pages.store(page);
        PageSet found;
        void* next = pages.at(0);
        while (next != pages.at(kKindPages)) {
            const auto rest =
                static_cast<std::size_t>(pages.at(kKindPages) - static_cast<char*>(next));
            void* out = nullptr;
            if (ww_collect_pages(pages.tracker(), next, rest, WW_RESET, &out, 1, &next) == 1)
                found.insert(pages.page_of(out));
        }
        CHECK(found == some);
        CHECK(pages.written().empty());
    });
}

TEST_CASE("every kind: ranges, a bitmap, a count and any-written say the same") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        ww_tracker* tracker = pages.tracker();
        CHECK(ww_any_written(tracker, pages.at(0), pages.bytes()) == 0);
        for (const std::size_t page : PageSet{1, 2, 7})
            pages.store(page);
        std::array<ww_range, kKindPages> ranges{};
        CHECK(ww_collect_ranges(tracker, pages.at(0), pages.bytes(), 0, ranges.data(),
                                ranges.size(), nullptr) == 2);
        CHECK(ranges[0].base == pages.at(1));
        CHECK(ranges[0].bytes == 2 * kind.page_bytes);
        CHECK(ranges[1].base == pages.at(7));
        std::uint64_t bits = 0;
        CHECK(ww_collect_bitmap(tracker, pages.at(0), pages.bytes(), 0, &bits, 1, nullptr) == 3);
        CHECK(bits == 0b1000'0110);
        CHECK(ww_count_written(tracker, pages.at(0), pages.bytes(), 0, 100, nullptr) == 3);
        CHECK(ww_any_written(tracker, pages.at(0), pages.bytes()) == 1);
        CHECK(ww_reset(tracker, pages.at(0), pages.bytes()) == 0);
        CHECK(ww_any_written(tracker, pages.at(0), pages.bytes()) == 0);
    });
}

TEST_CASE("every kind: unwatched in the middle, both sides go on") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        for (const std::size_t page : PageSet{0, 3, 7})
            pages.store(page);
        REQUIRE(ww_unwatch(pages.tracker(), pages.at(2), 3 * kind.page_bytes) == 0);
        CHECK(pages.collect(0, 0, 2) == PageSet{0});
        CHECK(pages.collect(WW_RESET, 5, 3) == PageSet{7});
        pages.store(3); // no fault is left there
        CHECK(pages.collect(0, 5, 3).empty());
        CHECK(ww_granularity(pages.tracker(), pages.at(3)) == 0);
        REQUIRE(ww_unwatch(pages.tracker(), pages.at(0), pages.bytes()) == 0);
        REQUIRE(ww_watch(pages.tracker(), pages.at(0), pages.bytes(), kind.watch_flags) == 0);
        CHECK(pages.written().empty());
    });
}

TEST_CASE("every kind: a fork and what the child writes are no write of the parent's") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        pages.store(1);
        pages.store(2);
        CHECK(pages.written_and_reset() == PageSet{1, 2});
        const pid_t child = ::fork();
        if (child == 0) {
            pages.store(2);
            pages.store(3);
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
        CHECK(pages.written().empty());
        pages.store(2);
        pages.store(4);
        CHECK(pages.written() == PageSet{2, 4});
    });
}

TEST_CASE("every kind: mapped anew and told, it starts clean, and writes are seen") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        for (const std::size_t page : all_pages())
            pages.store(page);
        REQUIRE(kind.map(pages.at(0), pages.bytes()));
        REQUIRE(ww_remapped(pages.tracker(), pages.at(0), pages.bytes()) == 0);
        if (is_shared(kind) && !is_served(can::know_fresh_shared_memory)) {
            CHECK(pages.written_and_reset() == all_pages());
            return;
        }
        CHECK(pages.written().empty());
        pages.load(1);
        CHECK(pages.written().empty());
        pages.store(2);
        CHECK(pages.written_and_reset() == PageSet{2});
        CHECK(pages.counters().repairs == 0);
    });
}

TEST_CASE("every kind: mapped anew and written before the word, it is reported") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        REQUIRE(kind.map(pages.at(0), pages.bytes()));
        pages.store(2);
        REQUIRE(ww_remapped(pages.tracker(), pages.at(0), pages.bytes()) == 0);
        CHECK(pages.written_and_reset().contains(2));
        CHECK(pages.written().empty());
    });
}

TEST_CASE("every kind: mapped anew without a word, nothing written is lost, and it is counted") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        REQUIRE(kind.map(pages.at(0), pages.bytes()));
        pages.store(2);
        CHECK(pages.written_and_reset().contains(2));
        const std::uint64_t repairs = pages.counters().repairs;
        CHECK((serves_by_mprotect() ? repairs > 0 : repairs == 1));
        CHECK(pages.written().empty());
        pages.store(4);
        CHECK(pages.written_and_reset() == PageSet{4});
        CHECK(pages.counters().repairs == repairs);
    });
}

TEST_CASE("every kind: its granularity, and ranges that cut a page are refused") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        CHECK(ww_granularity(pages.tracker(), pages.at(1)) == kind.page_bytes);
        ww_generations* generations = nullptr;
        const int created =
            ww_generations_create(pages.tracker(), pages.at(0), pages.bytes(), &generations);
        CHECK(created == (is_hugetlb(kind) ? -EOPNOTSUPP : 0));
        if (!is_hugetlb(kind)) {
            ww_generations_destroy(generations);
            return;
        }
        pages.store(0);
        void* out = nullptr;
        CHECK(ww_collect_pages(pages.tracker(), pages.at(0), kPage, WW_RESET, &out, 1, nullptr) ==
              -EINVAL);
        CHECK(ww_unwatch(pages.tracker(), pages.at(0), kPage) == -EINVAL);
        CHECK(ww_forget(pages.tracker(), pages.at(1) - kPage, 2 * kPage) == -EINVAL);
        CHECK(pages.written() == PageSet{0});
        CHECK(pages.counters().watches == 1);
    });
}

TEST_CASE("hugetlb beside other memory, or cut, is refused as a whole") {
    on_every_kind([](const TestedKind& kind) {
        if (!is_hugetlb(kind))
            return;
        const Pages pages{kKindPages, kind.alignment, kind.page_bytes};
        REQUIRE(kind.map(pages.at(0), 2 * kind.page_bytes)); // in front of anonymous memory
        const TrackerPtr tracker = make_tracker();
        CHECK(ww_watch(tracker.get(), pages.at(1), 2 * kind.page_bytes, 0) == -EOPNOTSUPP);
        CHECK(ww_watch(tracker.get(), pages.at(1), kPage, 0) == -EINVAL);
        CHECK(ww_watch(tracker.get(), pages.at(0), 2 * kind.page_bytes, WW_WATCH_HUGE_PAGES) ==
              -EOPNOTSUPP);
        CHECK(ww_watch(tracker.get(), pages.at(1), kind.page_bytes, 0) == 0);
        CHECK(ww_watch(tracker.get(), pages.at(2), kind.page_bytes, 0) == 0);
    });
}
