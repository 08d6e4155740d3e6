// SPDX-License-Identifier: MIT
#include "armed_blocks.h"

#include <algorithm>
#include <atomic>
#include <doctest/doctest.h>
#include <memory>
#include <random>
#include <thread>
#include <vector>

using ww::Arena;
using ww::ArmedBlocks;
using ww::Range;

namespace {

constexpr std::size_t kPagesPerBlock = 512;

struct Blocks {
    explicit Blocks(std::size_t page = 4096) : page_bytes(page) {}
    std::size_t page_bytes;
    Arena arena;
    std::unique_ptr<ArmedBlocks> armed = std::make_unique<ArmedBlocks>(arena, page_bytes);

    Range pages(std::size_t first, std::size_t end) const {
        return {first * page_bytes, end * page_bytes};
    }
    Range blocks(std::size_t first, std::size_t end) const {
        return pages(first * kPagesPerBlock, end * kPagesPerBlock);
    }
    void mark(Range range) { armed->mark(range, armed->epoch()); }
};

} // namespace

TEST_CASE("armed blocks: nothing marked, no run") {
    const Blocks b;
    CHECK(b.armed->first_run(b.blocks(0, 100'000)).empty());
}

TEST_CASE("armed blocks: a run of two is found between others, whatever the page size") {
    for (const std::size_t page : {std::size_t{4096}, std::size_t{16384}}) {
        CAPTURE(page);
        Blocks b{page};
        b.mark(b.blocks(5, 7));
        CHECK(b.armed->first_run(b.blocks(0, 10)) == b.blocks(5, 7));
        CHECK(b.armed->first_run(b.blocks(0, 6)).empty());
        CHECK(b.armed->first_run(b.blocks(7, 10)).empty());
    }
}

TEST_CASE("armed blocks: a single block is worth it only where it is all of the range") {
    Blocks b;
    b.mark(b.blocks(3, 4));
    CHECK(b.armed->first_run(b.blocks(0, 10)).empty());
    CHECK(b.armed->first_run(b.blocks(3, 4)) == b.blocks(3, 4));
    const Range inside = b.pages(3 * kPagesPerBlock + 7, 3 * kPagesPerBlock + 9);
    CHECK(b.armed->first_run(inside) == inside);
}

TEST_CASE("armed blocks: a block filled page by page is armed with the last one") {
    Blocks b;
    b.mark(b.blocks(1, 2));
    for (std::size_t page = 0; page < kPagesPerBlock; ++page) {
        CHECK(b.armed->first_run(b.blocks(0, 2)).empty());
        b.mark(b.pages(page, page + 1));
    }
    CHECK(b.armed->first_run(b.blocks(0, 2)) == b.blocks(0, 2));
}

TEST_CASE("armed blocks: one cleared page ends the run, marking it again mends it") {
    Blocks b;
    b.mark(b.blocks(0, 6));
    const Range hole = b.pages(2 * kPagesPerBlock + 100, 2 * kPagesPerBlock + 101);
    b.armed->clear(hole);
    CHECK(b.armed->first_run(b.blocks(0, 6)) == b.blocks(0, 2));
    CHECK(b.armed->first_run(b.blocks(2, 6)) == b.blocks(3, 6));
    b.mark(hole);
    CHECK(b.armed->first_run(b.blocks(0, 6)) == b.blocks(0, 6));
}

TEST_CASE("armed blocks: a mark from before a change is not believed") {
    Blocks b;
    const std::uint64_t before = b.armed->epoch();
    b.armed->clear(b.blocks(9, 10));
    b.armed->mark(b.blocks(0, 2), before);
    CHECK(b.armed->first_run(b.blocks(0, 2)).empty());
}

TEST_CASE("armed blocks: runs reach over groups, and a far one is found") {
    Blocks b;
    constexpr std::size_t kSeam = sizeof(void*) == 8 ? 65536 : 1024;
    b.mark(b.blocks(kSeam - 2, kSeam + 3));
    CHECK(b.armed->first_run(b.blocks(0, kSeam + 100)) == b.blocks(kSeam - 2, kSeam + 3));
    b.armed->clear(b.blocks(0, kSeam));
    CHECK(b.armed->first_run(b.blocks(0, kSeam + 100)) == b.blocks(kSeam, kSeam + 3));
}

TEST_CASE("armed blocks: random marks and clears agree with a page-by-page model") {
    Blocks b;
    constexpr std::size_t kBlocks = 12;
    std::vector<bool> model(kBlocks * kPagesPerBlock);
    std::mt19937 random{6};
    for (int round = 0; round < 4000; ++round) {
        const std::size_t first = random() % model.size();
        const std::size_t length = random() % 2 == 0 ? 1 + random() % 40 : kPagesPerBlock * 2;
        const std::size_t end = std::min(model.size(), first + length);
        const bool set = random() % 8 != 0;
        std::fill(model.begin() + static_cast<std::ptrdiff_t>(first),
                  model.begin() + static_cast<std::ptrdiff_t>(end), set);
        if (set)
            b.mark(b.pages(first, end));
        else
            b.armed->clear(b.pages(first, end));

        // Whole blocks, or any pages: of blocks at the ends just a part counts.
        std::size_t from = 0;
        std::size_t to = model.size();
        if (random() % 2 == 0) {
            from = random() % model.size();
            to = from + 1 + random() % (model.size() - from);
        }
        const auto armed = [&](std::size_t block) {
            const std::size_t page = std::max(from, block * kPagesPerBlock);
            const std::size_t behind = std::min(to, (block + 1) * kPagesPerBlock);
            return std::find(model.begin() + static_cast<std::ptrdiff_t>(page),
                             model.begin() + static_cast<std::ptrdiff_t>(behind),
                             false) == model.begin() + static_cast<std::ptrdiff_t>(behind);
        };
        const std::size_t blocks_end = (to - 1) / kPagesPerBlock + 1;
        std::size_t start = 0;
        std::size_t stop = from / kPagesPerBlock;
        Range run;
        do {
            start = stop;
            while (start < blocks_end && !armed(start))
                ++start;
            stop = start;
            while (stop < blocks_end && armed(stop))
                ++stop;
            run = b.pages(std::max(from, start * kPagesPerBlock),
                          std::min(to, stop * kPagesPerBlock));
        } while (start < blocks_end && stop - start < 2 && run != b.pages(from, to));
        REQUIRE(b.armed->first_run(b.pages(from, to)) == (start < blocks_end ? run : Range{}));
    }
}

TEST_CASE("armed blocks: of a block that the range covers in part that part counts") {
    Blocks b;
    const Range small = b.pages(100, 356);
    b.mark(small);
    CHECK(b.armed->first_run(small) == small);
    CHECK(b.armed->first_run(b.pages(100, 357)).empty());
    CHECK(b.armed->first_run(b.pages(99, 356)).empty());
    CHECK(b.armed->first_run(b.blocks(0, 1)).empty());

    const Range uneven = b.pages(2 * kPagesPerBlock + 500, 6 * kPagesPerBlock + 5);
    b.mark(uneven);
    CHECK(b.armed->first_run(uneven) == uneven);
    CHECK(b.armed->first_run(b.blocks(2, 7)) == b.blocks(3, 6));
}

TEST_CASE("armed blocks: after a clear that raced marks, no page that it took counts as armed") {
    for (int round = 0; round < 300; ++round) {
        Blocks b;
        const Range two = b.blocks(0, 2);
        const std::uint64_t epoch = b.armed->epoch();
        std::atomic<int> ready{0};
        const auto together = [&](auto action) {
            return std::thread{[&, action] {
                for (++ready; ready < 2;) {
                }
                action();
            }};
        };
        std::thread marker = together([&] { b.armed->mark(two, epoch); });
        std::thread clearer = together([&] { b.armed->clear(two); });
        marker.join();
        clearer.join();
        REQUIRE(b.armed->first_run(two).empty());
    }
}

TEST_CASE("armed blocks: sparse is where less than half of the blocks with marks is marked") {
    Blocks b;
    CHECK(b.armed->is_sparse(b.blocks(0, 1000)));
    b.mark(b.pages(10 * kPagesPerBlock, 10 * kPagesPerBlock + 300));
    CHECK_FALSE(b.armed->is_sparse(b.blocks(0, 1000))); // most of the one that there is
    CHECK(b.armed->is_sparse(b.blocks(11, 1000)));
    b.mark(b.pages(500 * kPagesPerBlock, 500 * kPagesPerBlock + 100));
    CHECK(b.armed->is_sparse(b.blocks(0, 1000)));
    CHECK_FALSE(b.armed->is_sparse(b.blocks(0, 11)));
}
