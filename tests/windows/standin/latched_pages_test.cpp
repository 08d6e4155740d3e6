// SPDX-License-Identifier: MIT
// The bits of latched pages, by themselves.
#include <doctest/doctest.h>

#include <latched_pages.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace ww::wine;

namespace {

constexpr SIZE_T kPage = kGranularity;
constexpr SIZE_T kBlock = SIZE_T{128} << 20; // what one block of bits stands for
constexpr SIZE_T kWide = (sizeof(void*) == 8 ? 64 : 31) * kBlock;

PageRange pages(ULONG_PTR base, SIZE_T first, SIZE_T count) {
    return {base + first * kPage, count * kPage};
}

// Zero from the start, as static storage is.
std::unique_ptr<LatchedPages> none_latched() {
    return std::make_unique<LatchedPages>();
}

std::vector<SIZE_T> runs(const LatchedPages& latched, PageRange range) {
    std::vector<SIZE_T> found; // page and length, page and length
    const ULONG_PTR base = range.start;
    while (!range.empty()) {
        const PageRange run = latched.first_run(range);
        if (!run.empty()) {
            found.push_back((run.start - base) / kPage);
            found.push_back(run.page_count());
        }
        range = {run.end(), range.end() - run.end()};
    }
    return found;
}

using Runs = std::vector<SIZE_T>;

} // namespace

TEST_CASE("latched pages: none at first, and asking for them takes no block") {
    const auto latched = none_latched();
    CHECK(runs(*latched, {0x10000, kWide}) == Runs{});
    latched->remove({0x10000, kWide});
    CHECK_FALSE(latched->any());
}

TEST_CASE("latched pages: runs across words and blocks are one, and cut to the range") {
    const auto latched = none_latched();
    const ULONG_PTR base = 7 * kBlock;
    latched->add(pages(base, 3, 1));
    latched->add(pages(base, 60, 140));
    latched->add(pages(base, kBlock / kPage - 1, 2));
    CHECK(latched->any());
    CHECK(runs(*latched, {base, 3 * kBlock}) == Runs{3, 1, 60, 140, kBlock / kPage - 1, 2});
    CHECK(runs(*latched, pages(base, 100, 28)) == Runs{0, 28});
    CHECK(runs(*latched, pages(base, 4, 56)) == Runs{});
}

TEST_CASE("latched pages: found behind places that never had any") {
    const auto latched = none_latched();
    const ULONG_PTR base = 3 * kBlock;
    latched->add(pages(base, kBlock / kPage, 1));
    latched->add(pages(base, 3 * (kBlock / kPage) + 5, 2));
    CHECK(runs(*latched, {base + kPage, 5 * kBlock}) ==
          Runs{kBlock / kPage - 1, 1, 3 * (kBlock / kPage) + 4, 2});
}

TEST_CASE("latched pages: removed are those of the range alone") {
    const auto latched = none_latched();
    const ULONG_PTR base = 2 * kBlock;
    latched->add(pages(base, 0, 200));
    latched->remove(pages(base, 10, 100));
    CHECK(runs(*latched, pages(base, 0, 300)) == Runs{0, 10, 110, 90});
    latched->remove({0, kWide});
    CHECK(runs(*latched, {base, kBlock}) == Runs{});
}

TEST_CASE("latched pages: beyond the addresses that there are, nothing is latched") {
    const auto latched = none_latched();
    const PageRange beyond{ULONG_PTR{1} << (sizeof(void*) == 8 ? 48 : 31), 4 * kPage};
    if (sizeof(void*) == 8) {
        latched->add(beyond);
        CHECK(runs(*latched, beyond) == Runs{});
    }
}

TEST_CASE("latched pages: more places than there are blocks: the first ones stay right") {
    if (sizeof(void*) < 8)
        return; // every place has its block
    const auto latched = none_latched();
    for (SIZE_T place = 1; place <= 1500; ++place)
        latched->add({place * kBlock, kPage});
    CHECK(runs(*latched, {kBlock, kBlock}) == Runs{0, 1});
    CHECK(runs(*latched, {1024 * kBlock, kBlock}) == Runs{0, 1});
    CHECK(runs(*latched, {1025 * kBlock, 100 * kBlock}) == Runs{});
    latched->remove({kBlock, 1500 * kBlock});
    CHECK(runs(*latched, {kBlock, 1500 * kBlock}) == Runs{});
}

TEST_CASE("latched pages: threads that set and clear bits of one word lose none") {
    const auto latched = none_latched();
    const ULONG_PTR base = 3 * kBlock;
    std::atomic<SIZE_T> lost{0};
    std::vector<std::thread> threads;
    for (SIZE_T thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, page = pages(base, thread * 3, 1)] {
            for (SIZE_T round = 0; round < 50000; ++round) {
                latched->add(page);
                lost += latched->first_run(page).empty() ? 1U : 0U;
                latched->remove(page);
                lost += latched->first_run(page).empty() ? 0U : 1U;
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(lost == 0);
}
