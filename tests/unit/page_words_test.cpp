// SPDX-License-Identifier: MIT
#include "page_words.h"

#include <atomic>
#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

using ww::Arena;
using ww::PageWords;
using ww::Range;

namespace {

struct Words {
    explicit Words(std::size_t page = 4096, std::size_t count = 4 * PageWords::kPagesPerBlock)
        : page_bytes(page) {
        if (count != 0)
            REQUIRE(words->prepare(pages(0, count)));
    }
    std::size_t page_bytes;
    Arena arena;
    std::unique_ptr<PageWords> words = std::make_unique<PageWords>(arena, page_bytes);

    std::uintptr_t at(std::size_t page) const { return page * page_bytes; }
    Range pages(std::size_t first, std::size_t end) const { return {at(first), at(end)}; }
    void write(std::size_t page) const {
        REQUIRE(words->begin_opening(at(page)));
        words->end_opening(at(page));
    }
};

constexpr std::size_t kPageSizes[] = {4096, 16384};

// In two threads, which start together and do not sleep before.
void both_at_once(const std::function<void(std::size_t id)>& act) {
    std::atomic<std::size_t> waiting{2};
    const auto start = [&](std::size_t id) {
        for (--waiting; waiting != 0;)
            continue;
        act(id);
    };
    std::thread other{start, 0};
    start(1);
    other.join();
}

} // namespace

TEST_CASE("page words: written pages are found in order, whatever the page size") {
    for (const std::size_t page : kPageSizes) {
        CAPTURE(page);
        const Words w{page};
        const Range all = w.pages(0, 2000);
        CHECK(w.words->first_written(all) == all.end);
        for (const std::size_t written : {3U, 511U, 512U, 1999U})
            w.write(written);
        CHECK(w.words->first_written(all) == w.at(3));
        CHECK(w.words->first_written(w.pages(4, 2000)) == w.at(511));
        CHECK(w.words->first_written(w.pages(512, 2000)) == w.at(512));
        CHECK(w.words->first_written(w.pages(513, 1999)) == w.at(1999));
        CHECK(w.words->first_written(w.pages(513, 2000)) == w.at(1999));
    }
}

TEST_CASE("page words: a mark goes to one") {
    const Words w;
    w.write(7);
    CHECK(w.words->take(w.at(7)));
    CHECK_FALSE(w.words->take(w.at(7)));
    w.words->leave(w.at(7));
    CHECK_FALSE(w.words->is_written(w.at(7)));
    w.write(7);
    CHECK(w.words->is_written(w.at(7)));
}

TEST_CASE("page words: a page that somebody is opening is written, taken or not") {
    const Words w;
    REQUIRE(w.words->begin_opening(w.at(7)));
    CHECK(w.words->take(w.at(7)));
    CHECK(w.words->is_written(w.at(7)));
    w.words->leave(w.at(7));
    w.words->end_opening(w.at(7));
    CHECK(w.words->take(w.at(7))); // the second mark
    w.words->leave(w.at(7));
    CHECK_FALSE(w.words->is_written(w.at(7)));
}

TEST_CASE("page words: what could not be protected is written as before") {
    const Words w;
    w.write(7);
    REQUIRE(w.words->take(w.at(7)));
    w.words->give_back(w.at(7));
    CHECK(w.words->is_written(w.at(7)));
}

TEST_CASE("page words: a latched page is written until it is taken") {
    const Words w;
    w.words->latch(w.at(9));
    w.words->latch_if_unknown(w.at(9));
    CHECK(w.words->take(w.at(9)));
    w.words->leave(w.at(9));
    CHECK_FALSE(w.words->is_written(w.at(9)));
    w.words->latch_if_unknown(w.at(9)); // was known
    CHECK_FALSE(w.words->is_written(w.at(9)));
    w.words->latch_if_unknown(w.at(10));
    CHECK(w.words->is_written(w.at(10)));
}

TEST_CASE("page words: quiet is what nobody wrote, opens or is about to close") {
    const Words w;
    const Range block = w.pages(0, 3);
    w.write(0);
    REQUIRE(w.words->begin_opening(w.at(1)));
    CHECK(w.words->first_quiet(block) == w.at(2));
    REQUIRE(w.words->take(w.at(0)));
    CHECK(w.words->first_quiet(block) == w.at(2));
    CHECK_FALSE(w.words->take_quiet(w.at(0)));
    CHECK(w.words->take_quiet(w.at(2)));
    CHECK(w.words->is_reserved(w.at(2)));
    CHECK(w.words->first_quiet(block) == block.end);
    w.words->leave(w.at(0));
    w.words->leave(w.at(2));
    CHECK(w.words->first_quiet(block) == w.at(0));
    REQUIRE(w.words->take_quiet(w.at(2)));
    REQUIRE(w.words->begin_opening(w.at(2)));
    CHECK_FALSE(w.words->is_reserved(w.at(2)));
}

TEST_CASE("page words: the front of a range is one known block, or all up to the next") {
    for (const std::size_t page : kPageSizes) {
        CAPTURE(page);
        const Words w{page};
        w.write(600);
        const Range all = w.pages(10, 1500);
        const PageWords::Piece first = w.words->first_piece(all);
        CHECK_FALSE(first.known);
        CHECK(first.range == w.pages(10, 512));
        const PageWords::Piece second = w.words->first_piece(w.pages(512, 1500));
        CHECK(second.known);
        CHECK(second.range == w.pages(512, 1024));
        CHECK(w.words->first_piece(w.pages(1024, 1500)).range == w.pages(1024, 1500));
        CHECK(w.words->first_quiet(w.pages(600, 602)) == w.at(601));
    }
}

TEST_CASE("page words: clear forgets marks and latches, and nothing beside them") {
    const Words w;
    for (const std::size_t page : {10U, 11U, 12U})
        w.write(page);
    w.words->latch(w.at(11));
    w.words->clear(w.pages(11, 12));
    CHECK(w.words->is_written(w.at(10)));
    CHECK_FALSE(w.words->is_written(w.at(11)));
    CHECK(w.words->is_written(w.at(12)));
}

TEST_CASE("page words: beyond the addresses that can be watched there is no memory for them") {
    const Words w;
    CHECK(w.words->prepare(w.pages(100'000, 200'000)));
    if constexpr (sizeof(void*) == 8)
        CHECK_FALSE(w.words->prepare({std::uintptr_t{1} << 62, (std::uintptr_t{1} << 62) + 4096}));
}

TEST_CASE("page words: no count runs over") {
    const Words w;
    std::size_t openers = 0;
    while (openers < 1'000'000 && w.words->begin_opening(w.at(3)))
        ++openers;
    CHECK(openers == 524'287);
    CHECK(w.words->take(w.at(3))); // the count beside it is as it was
    w.words->leave(w.at(3));
    for (; openers > 0; --openers)
        w.words->end_opening(w.at(3));
    CHECK(w.words->take(w.at(3)));
    w.words->leave(w.at(3));
    CHECK_FALSE(w.words->is_written(w.at(3)));

    std::size_t takers = 0;
    for (w.write(4); takers < 10'000 && w.words->take(w.at(4)); w.write(4))
        ++takers;
    CHECK(takers == 1023);
    CHECK(w.words->is_written(w.at(4)));
    for (; takers > 0; --takers)
        w.words->leave(w.at(4));
    CHECK(w.words->take(w.at(4)));
}

TEST_CASE("page words: two threads that make the same words at once get the same") {
    for (int round = 0; round < 300; ++round) {
        const Words w{4096, 0};
        both_at_once([&](std::size_t id) {
            REQUIRE(w.words->prepare(w.pages(0, 2)));
            w.words->latch(w.at(id));
        });
        REQUIRE(w.words->is_written(w.at(0)));
        REQUIRE(w.words->is_written(w.at(1)));
    }
}

TEST_CASE("page words: of two threads that write in new blocks at once both are found") {
    constexpr std::size_t kBlock = PageWords::kPagesPerBlock;
    for (int round = 0; round < 300; ++round) {
        const Words w{4096, 64 * kBlock};
        // Two blocks share a page of words: that no fault keeps the threads apart.
        for (std::size_t block = 0; block < 64; block += 2)
            w.words->latch(w.at(block * kBlock));
        both_at_once([&](std::size_t id) {
            for (std::size_t block = 1; block < 64; block += 4)
                w.words->latch(w.at((block + 2 * id) * kBlock));
        });
        std::size_t found = 0;
        Range rest = w.pages(0, 64 * kBlock);
        for (; (rest.start = w.words->first_written(rest)) < rest.end; rest.start += 4096)
            ++found;
        REQUIRE(found == 64);
    }
}

TEST_CASE("page words: of many takers at once each mark goes to one") {
    const Words w;
    constexpr std::size_t kRounds = 2000;
    std::atomic<std::size_t> taken{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> takers;
    for (int i = 0; i < 3; ++i) {
        takers.emplace_back([&] {
            while (!stop) {
                if (w.words->take(w.at(5))) {
                    ++taken;
                    w.words->leave(w.at(5));
                }
            }
        });
    }
    for (std::size_t round = 0; round < kRounds; ++round) {
        w.words->latch(w.at(5));
        while (w.words->is_written(w.at(5)))
            std::this_thread::yield();
    }
    stop = true;
    for (std::thread& taker : takers)
        taker.join();
    CHECK(taken == kRounds);
}
