// SPDX-License-Identifier: MIT
// Memory that the host wants to be huge: no store counts as more than its page,
// however small the watches that share the block of a huge page.
#include "huge_pool.h"
#include "need.h"
#include "pages.h"

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kWatchPages = 16;

// One block, advised to be huge before it is watched: where the kernel gives huge
// pages it gives one here, unless it is refused.
class Block : public Pages {
public:
    Block() : Pages(kBlock, kHugeBytes), tracker_(make_tracker()) { advise(0, kBlock); }
    ww_tracker* tracker() const { return tracker_.get(); }

    void advise(std::size_t first, std::size_t count) const {
        ::madvise(at(first), count * kPage, MADV_HUGEPAGE); // fails where there are none
    }
    void watch(std::size_t first, std::size_t count, unsigned flags = WW_WATCH_ANONYMOUS) const {
        REQUIRE(ww_watch(tracker(), at(first), count * kPage, flags) == 0);
    }
    void watch_in_pieces() const {
        for (std::size_t i = 0; i < kBlock; i += kWatchPages)
            watch(i, kWatchPages);
    }
    void replace(std::size_t first, std::size_t count) const {
        REQUIRE(::mmap(at(first), count * kPage, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at(first));
        advise(first, count);
    }
    PageSet written(std::size_t first, std::size_t count) const {
        void* found[kBlock];
        const std::ptrdiff_t got =
            ww_collect_pages(tracker(), at(first), count * kPage, WW_RESET, found, kBlock, nullptr);
        PageSet pages;
        for (std::ptrdiff_t i = 0; i < got; ++i)
            pages.insert(static_cast<std::size_t>(static_cast<char*>(found[i]) - at(0)) / kPage);
        return pages;
    }

private:
    TrackerPtr tracker_;
};

void check_one_by_one(const Block& block) {
    for (std::size_t first = 0; first < kBlock; first += kWatchPages) {
        const std::size_t page = first + first / kWatchPages % kWatchPages;
        block.store(page);
        CHECK(block.written(first, kWatchPages) == PageSet{page});
    }
}

} // namespace

TEST_CASE("huge pages: small watches side by side, made in any order, each report their page") {
    for (const bool ascending : {true, false}) {
        CAPTURE(ascending);
        const Block block;
        for (std::size_t i = 0; i < kBlock; i += kWatchPages)
            block.watch(ascending ? i : kBlock - kWatchPages - i, kWatchPages);
        check_one_by_one(block);
    }
}

TEST_CASE("huge pages: of small watches that are freed and made again each reports its page") {
    const Block block;
    block.watch_in_pieces();
    for (std::size_t i = 0; i < kBlock; i += kWatchPages) {
        REQUIRE(ww_forget(block.tracker(), block.at(i), kWatchPages * kPage) == 0);
        block.replace(i, kWatchPages);
        block.watch(i, kWatchPages);
    }
    check_one_by_one(block);
}

TEST_CASE("huge pages: of small watches that are mapped anew each reports its page") {
    NEED(can::refuse_huge_pages);
    const Block block;
    block.watch_in_pieces();
    block.replace(0, kBlock);
    REQUIRE(ww_remapped(block.tracker(), block.at(0), block.bytes()) == 0);
    check_one_by_one(block);
}

TEST_CASE("huge pages: where one comes with what is mapped anew, it counts as a whole, and once") {
    if (!serves_by_mprotect())
        return; // exact, as above
    const Block block;
    block.watch(0, kBlock);
    block.replace(0, kBlock);
    REQUIRE(ww_remapped(block.tracker(), block.at(0), block.bytes()) == 0);
    block.store(5);
    unsigned char is_there = 0;
    REQUIRE(::mincore(block.at(6), kPage, &is_there) == 0);
    const PageSet written = block.written(0, kBlock);
    CHECK(written.contains(5));
    CHECK(written.size() == (is_there != 0 ? kBlock : 1));
    check_one_by_one(block);
}

TEST_CASE("huge pages: of small watches that are found mapped anew each reports its page") {
    NEED(can::see_lost_contents);
    const Block block;
    block.watch_in_pieces();
    block.replace(0, kBlock);
    for (std::size_t i = 0; i < kBlock; i += kWatchPages)
        CHECK(block.written(i, kWatchPages).empty());
    check_one_by_one(block);
}

TEST_CASE("huge pages: a watch beside one that keeps them reports its page") {
    const Block block;
    block.watch(0, kBlock / 2, WW_WATCH_HUGE_PAGES);
    block.watch(kBlock / 2, kBlock / 2);
    // Newer kernels give back the page table, too: then nothing else is in the way.
    REQUIRE(::madvise(block.at(0), block.bytes(), MADV_DONTNEED) == 0);
    block.store(kBlock / 2 + 7);
    CHECK(block.written(kBlock / 2, kBlock / 2) == PageSet{kBlock / 2 + 7});
}
