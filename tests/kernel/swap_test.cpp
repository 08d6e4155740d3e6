// SPDX-License-Identifier: MIT
// Pages that are swapped out and come back. An own program: it is skipped where
// nothing can be swapped out. It turns no swap space on: nothing would turn it
// off again if it were killed.
#include "memory_kinds.h"
#include "need.h"
#include "writewatch/runs.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

namespace {

// Not in what comes with older headers.
constexpr int kPageOut = 21; // MADV_PAGEOUT

// Of this process, shared memory's too; smaps(5).
std::size_t swapped_bytes() {
    std::ifstream smaps{"/proc/self/smaps_rollup"};
    for (std::string field; smaps >> field;) {
        std::size_t kilobytes = 0;
        if (field == "Swap:" && smaps >> kilobytes)
            return kilobytes * 1024;
    }
    return 0;
}

// All of it, which must have contents. Pages on their way to a list of the
// kernel's cannot be taken yet: asked again.
bool swap_out(void* base, std::size_t bytes) {
    const std::size_t before = swapped_bytes();
    for (int attempt = 0; attempt < 200; ++attempt) {
        if (::madvise(base, bytes, kPageOut) != 0)
            return false;
        if (swapped_bytes() >= before + bytes)
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return false;
}

bool swap_out(const Pages& pages) {
    return swap_out(pages.at(0), pages.bytes());
}

// Asked before there is a test case.
bool can_swap() {
    void* page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    const bool can = page != MAP_FAILED && swap_out(page, kPage);
    ::munmap(page, kPage);
    return can;
}

PageSet all_pages() {
    return pages_between(0, kKindPages);
}

// Watched pages, written and reported.
struct Reported : Watched {
    explicit Reported(const TestedKind& kind) : Watched(kind, kKindPages) {
        store_all();
        REQUIRE(written_and_reset() == all_pages());
    }
};

void swap_in(const Pages& pages) {
    for (std::size_t page = 0; page < pages.count(); ++page)
        CHECK(pages.load(page) == 1);
}

template<class Test>
void on_every_kind(Test test) {
    for (const char* name :
         {"private anonymous", "private file", "private memfd", "memfd", "shared anonymous"}) {
        CAPTURE(std::string{name});
        test(tested_kind(name));
    }
}

} // namespace

TEST_CASE("swap: what was written before it went out is reported after it, once") {
    on_every_kind([](const TestedKind& kind) {
        const Reported pages{kind};
        pages.store(2);
        pages.store(5);
        REQUIRE(swap_out(pages));
        CHECK(pages.written() == PageSet{2, 5});
        CHECK(pages.written_and_reset() == PageSet{2, 5});
        CHECK(pages.written_and_reset().empty());
        swap_in(pages);
        CHECK(pages.written().empty());
    });
}

TEST_CASE("swap: what was never reported is written, out and back") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages};
        pages.store_all();
        REQUIRE(swap_out(pages));
        CHECK(pages.written() == all_pages());
        swap_in(pages);
        CHECK(pages.written_and_reset() == all_pages());
        CHECK(pages.written().empty());
    });
}

TEST_CASE("swap: clean stays clean, out and back, and a store is then reported once") {
    on_every_kind([](const TestedKind& kind) {
        const Reported pages{kind};
        REQUIRE(swap_out(pages));
        CHECK(pages.written().empty());
        swap_in(pages);
        CHECK(pages.written().empty());
        pages.store(3);
        CHECK(pages.written_and_reset() == PageSet{3});
        CHECK(pages.written_and_reset().empty());
        CHECK(pages.counters().repairs == 0);
    });
}

TEST_CASE("swap: a store that brings a page back is reported once") {
    on_every_kind([](const TestedKind& kind) {
        const Reported pages{kind};
        REQUIRE(swap_out(pages));
        pages.store(4);
        CHECK(pages.written_and_reset() == PageSet{4});
        swap_in(pages);
        CHECK(pages.written_and_reset().empty());
    });
}

TEST_CASE("swap: pages that are out are reset") {
    on_every_kind([](const TestedKind& kind) {
        const Reported pages{kind};
        pages.store(1);
        pages.store(6);
        REQUIRE(swap_out(pages));
        REQUIRE(ww_reset(pages.tracker(), pages.at(0), pages.bytes()) == 0);
        CHECK(pages.written().empty());
        swap_in(pages);
        CHECK(pages.written().empty());
        pages.store(6);
        CHECK(pages.written_and_reset() == PageSet{6});
    });
}

TEST_CASE("swap: pages that are out when they are watched start clean") {
    on_every_kind([](const TestedKind& kind) {
        const Watched pages{kind, kKindPages, [](const Pages& memory) {
                                memory.store_all();
                                REQUIRE(swap_out(memory));
                            }};
        CHECK(pages.written().empty());
        swap_in(pages);
        CHECK(pages.written().empty());
        pages.store(7);
        CHECK(pages.written_and_reset() == PageSet{7});
    });
}

TEST_CASE("swap: pages that are out are not taken for discarded ones") {
    NEED(can::tell_drops);
    on_every_kind([](const TestedKind& kind) {
        const Reported pages{kind};
        REQUIRE(swap_out(pages));
        ww_run run{};
        CHECK(ww_collect_runs(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, &run, 1,
                              nullptr) == 0);
        pages.store(2);
        CHECK(pages.written_and_reset() == PageSet{2});
    });
}

int main(int argc, char** argv) {
    if (!can_swap()) {
        std::printf("skipped: nothing can be swapped out on this machine\n");
        return 77;
    }
    return run_with_backend(argc, argv);
}
