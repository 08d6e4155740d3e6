// SPDX-License-Identifier: MIT
// Written, discarded and unknown, told apart.
#include "memory_kinds.h"
#include "need.h"
#include "writewatch/runs.h"

#include <span>
#include <string>

namespace {

struct Run {
    std::size_t first;
    std::size_t count;
    unsigned state;
    friend bool operator==(Run, Run) = default;
};
using Runs = std::vector<Run>;

Runs collect_runs(const Watched& pages, unsigned flags, std::size_t capacity = 100) {
    Runs found;
    std::vector<ww_run> out(capacity);
    void* next = pages.at(0);
    while (next != pages.at(pages.count())) {
        const auto rest =
            static_cast<std::size_t>(pages.at(pages.count()) - static_cast<char*>(next));
        const std::ptrdiff_t count =
            ww_collect_runs(pages.tracker(), next, rest, flags, out.data(), out.size(), &next);
        REQUIRE(count >= 0);
        for (const ww_run& run : std::span{out}.first(static_cast<std::size_t>(count)))
            found.push_back({pages.page_of(run.base), run.bytes / pages.page_bytes(), run.state});
    }
    return found;
}

void drop(const Pages& pages, std::size_t first, std::size_t count) {
    REQUIRE(::madvise(pages.at(first), count * pages.page_bytes(), MADV_DONTNEED) == 0);
}

void map_over(const Pages& pages, std::size_t first, std::size_t count, int sharing = MAP_PRIVATE) {
    REQUIRE(::mmap(pages.at(first), count * kPage, PROT_READ | PROT_WRITE,
                   sharing | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages.at(first));
}

// Eight pages, written and reported.
struct Reported : Watched {
    explicit Reported(std::size_t count = 8) : Watched(count) {
        store_all();
        REQUIRE(written_and_reset().size() == count);
    }
};

} // namespace

TEST_CASE("runs: written pages as ranges say them, once") {
    for (const TestedKind& kind : tested_kinds()) {
        CAPTURE(std::string{kind.name});
        const Watched pages{kind, kKindPages};
        CHECK(collect_runs(pages, WW_RESET).empty());
        for (const std::size_t page : PageSet{1, 2, 5})
            pages.store(page);
        pages.load(6);
        const Runs expected{{1, 2, WW_WRITTEN}, {5, 1, WW_WRITTEN}};
        CHECK(collect_runs(pages, 0) == expected);
        CHECK(collect_runs(pages, WW_RESET) == expected);
        CHECK(collect_runs(pages, WW_RESET).empty());
        pages.store(5);
        CHECK(pages.written_and_reset() == PageSet{5});
    }
}

TEST_CASE("runs: what was reported and then dropped is discarded, with a reset once") {
    NEED(can::tell_drops);
    const Reported pages;
    drop(pages, 2, 3);
    const Runs expected{{2, 3, WW_DISCARDED}};
    CHECK(collect_runs(pages, 0) == expected);
    CHECK(collect_runs(pages, 0) == expected);
    CHECK(collect_runs(pages, WW_RESET) == expected);
    CHECK(collect_runs(pages, WW_RESET).empty());
    CHECK(pages.counters().repairs == 0);
}

TEST_CASE("runs: dropped and read is discarded, dropped and written is written") {
    NEED(can::tell_drops);
    const Reported pages;
    drop(pages, 2, 4);
    pages.load(3);
    pages.store(4);
    const Runs expected{{2, 2, WW_DISCARDED}, {4, 1, WW_WRITTEN}, {5, 1, WW_DISCARDED}};
    CHECK(collect_runs(pages, 0) == expected);
    CHECK(collect_runs(pages, WW_RESET) == expected);
    CHECK(collect_runs(pages, WW_RESET).empty());
    drop(pages, 4, 1);
    CHECK(collect_runs(pages, WW_RESET) == Runs{{4, 1, WW_DISCARDED}});
}

TEST_CASE("runs: many dropped pages that were read here and there are one run, told at once") {
    NEED(can::tell_drops);
    const Reported pages{200};
    drop(pages, 0, 200);
    for (std::size_t page = 0; page < 200; page += 2)
        pages.load(page);
    CHECK(collect_runs(pages, WW_RESET, 1) == Runs{{0, 200, WW_DISCARDED}});
    CHECK(collect_runs(pages, WW_RESET).empty());
}

TEST_CASE("runs: with room for one run at a time the same is told, in order") {
    NEED(can::tell_drops);
    const Reported pages{64};
    Runs expected;
    for (std::size_t page = 0; page < 64; page += 4) {
        pages.store(page);
        drop(pages, page + 2, 1);
        expected.push_back({page, 1, WW_WRITTEN});
        expected.push_back({page + 2, 1, WW_DISCARDED});
    }
    CHECK(collect_runs(pages, 0, 1) == expected);
    CHECK(collect_runs(pages, 0, 5) == expected);
    CHECK(collect_runs(pages, WW_RESET, 1) == expected);
    CHECK(collect_runs(pages, WW_RESET, 1).empty());
}

TEST_CASE("runs: populated when it was watched, and dropped since: discarded") {
    NEED(can::tell_drops);
    const Watched pages{tested_kind("private anonymous"), 8, [](const Pages& memory) {
                            memory.store(1);
                            memory.store(2);
                        }};
    drop(pages, 0, 8);
    CHECK(collect_runs(pages, WW_RESET) == Runs{{1, 2, WW_DISCARDED}});
}

TEST_CASE("runs: never reported and dropped is as fresh, and told drops are known") {
    NEED(can::tell_drops);
    const Watched pages{8};
    pages.store(1);
    drop(pages, 1, 1);
    CHECK(collect_runs(pages, WW_RESET).empty());
    pages.store(2);
    pages.store(3);
    CHECK(pages.written_and_reset() == PageSet{2, 3});
    drop(pages, 2, 1);
    REQUIRE(ww_discarded(pages.tracker(), pages.at(2), kPage) == 0);
    drop(pages, 3, 1);
    CHECK(collect_runs(pages, WW_RESET) == Runs{{3, 1, WW_DISCARDED}});
}

TEST_CASE("runs: blocks that are armed from end to end tell drops all the same") {
    NEED(can::tell_drops);
    const Reported pages{4096};
    drop(pages, 1000, 1500);
    pages.store(1200);
    pages.store(3000);
    const Runs expected{{1000, 200, WW_DISCARDED},
                        {1200, 1, WW_WRITTEN},
                        {1201, 1299, WW_DISCARDED},
                        {3000, 1, WW_WRITTEN}};
    CHECK(collect_runs(pages, 0) == expected);
    CHECK(collect_runs(pages, WW_RESET) == expected);
    CHECK(collect_runs(pages, WW_RESET).empty());
    CHECK(pages.written().empty());
}

TEST_CASE("runs: memory mapped in without a word is unknown, all of it, once") {
    NEED(can::tell_drops);
    const Reported pages{32};
    map_over(pages, 4, 10);
    pages.store(5);
    pages.store(20);
    const Runs expected{{4, 10, WW_UNKNOWN}, {20, 1, WW_WRITTEN}};
    CHECK(collect_runs(pages, WW_RESET) == expected);
    CHECK(pages.counters().repairs == 1);
    CHECK(collect_runs(pages, WW_RESET).empty());
    pages.store(6);
    CHECK(collect_runs(pages, WW_RESET) == Runs{{6, 1, WW_WRITTEN}});
}

TEST_CASE("runs: memory of a kind that the watch does not serve stays unknown") {
    NEED(can::tell_drops);
    const Reported pages;
    map_over(pages, 2, 3, MAP_SHARED);
    for (int i = 0; i < 3; ++i)
        CHECK(collect_runs(pages, WW_RESET) == Runs{{2, 3, WW_UNKNOWN}});
    pages.store(7);
    CHECK(collect_runs(pages, 0) == Runs{{2, 3, WW_UNKNOWN}, {7, 1, WW_WRITTEN}});
}

TEST_CASE("runs: a private file's written pages that were dropped are discarded, its clean ones "
          "only where told; shared memory's are written") {
    NEED(can::tell_drops);
    for (const char* name : {"private file", "private memfd", "shared file", "memfd"}) {
        CAPTURE(std::string{name});
        const Watched pages{tested_kind(name), 8};
        const bool shared = std::string_view{name}.find("private") == std::string_view::npos;
        pages.store(1);
        pages.store(2);
        drop(pages, 2, 1);
        const unsigned state = shared ? WW_WRITTEN : WW_DISCARDED;
        const Runs expected =
            shared ? Runs{{1, 2, WW_WRITTEN}} : Runs{{1, 1, WW_WRITTEN}, {2, 1, state}};
        CHECK(collect_runs(pages, WW_RESET) == expected);
        CHECK(collect_runs(pages, WW_RESET).empty());
        CHECK(pages.load(2) == (shared ? 1 : 0));
    }
}

TEST_CASE("runs: of a private file many of both are told in order, whatever the room") {
    NEED(can::tell_drops);
    constexpr std::size_t kCount = 1000;
    const Watched pages{tested_kind("private memfd"), kCount};
    Runs expected;
    for (std::size_t page = 0; page < kCount; page += 4) {
        if (page < 300 || page >= 600) {
            pages.store(page);
            drop(pages, page, 1);
            expected.push_back({page, 1, WW_DISCARDED});
        }
        if (page < 600) {
            pages.store(page + 2);
            expected.push_back({page + 2, 1, WW_WRITTEN});
        }
    }
    CHECK(collect_runs(pages, 0, 1) == expected);
    CHECK(collect_runs(pages, 0, 150) == expected);
    CHECK(collect_runs(pages, 0, 1000) == expected);
    CHECK(collect_runs(pages, WW_RESET, 150) == expected);
    CHECK(collect_runs(pages, WW_RESET).empty());
}

TEST_CASE("a drop that is told leaves the memory clean, of every kind but shared") {
    for (const TestedKind& kind : tested_kinds()) {
        if (is_hugetlb(kind))
            continue;
        CAPTURE(std::string{kind.name});
        const Watched pages{kind, kKindPages};
        const bool shared = is_shared(kind);
        pages.store(1);
        pages.store(2);
        drop(pages, 0, kKindPages);
        REQUIRE(ww_discarded(pages.tracker(), pages.at(0), pages.bytes()) == 0);
        CHECK(pages.written() == (shared ? PageSet{1, 2} : PageSet{}));
        pages.load(3);
        pages.store(4);
        CHECK(pages.written_and_reset() == (shared ? PageSet{1, 2, 4} : PageSet{4}));
    }
}
