// SPDX-License-Identifier: MIT
#include "../pages.h"

#include "writewatch/heap.h"
#include "writewatch/heap_resource.h"
#include "writewatch/runs.h"

#include <cstring>
#include <map>
#include <memory_resource>
#include <string>
#include <thread>

namespace {

constexpr std::size_t kSmallest = std::size_t{64} << 20;
constexpr bool kMimalloc3 = MIMALLOC_MAJOR == 3;
// mimalloc 3 has no place for one of 300 MiB.
constexpr std::size_t kHuge = std::size_t{kMimalloc3 ? 220 : 300} << 20;

struct HeapDeleter {
    void operator()(ww_heap* heap) const { ww_heap_destroy(heap); }
};

class Heap {
public:
    explicit Heap(ww_tracker* tracker, unsigned flags = 0, std::size_t reserve = kSmallest)
        : tracker_(tracker) {
        ww_heap* made = nullptr;
        REQUIRE(ww_heap_create(tracker, reserve, flags, &made) == 0);
        owner_.reset(made);
    }
    ww_heap* get() const { return owner_.get(); }

    std::vector<ww_range> ranges() const {
        std::vector<ww_range> ranges(ww_heap_ranges(get(), nullptr, 0));
        ww_heap_ranges(get(), ranges.data(), ranges.size());
        return ranges;
    }
    bool holds(const void* block) const {
        for (const ww_range& range : ranges()) {
            const auto* start = static_cast<const char*>(range.base);
            if (static_cast<const char*>(block) >= start &&
                static_cast<const char*>(block) < start + range.bytes)
                return true;
        }
        return false;
    }
    // Starting addresses of written pages, which are reset.
    std::set<const void*> written() const {
        std::set<const void*> pages;
        for (const ww_range& range : ranges()) {
            std::vector<void*> out(range.bytes / kPage);
            const std::ptrdiff_t count = ww_collect_pages(
                tracker_, range.base, range.bytes, WW_RESET, out.data(), out.size(), nullptr);
            REQUIRE(count >= 0);
            pages.insert(out.begin(), out.begin() + count);
        }
        return pages;
    }

    // Pages whose contents were dropped; all that was found is reset.
    std::size_t discarded() const {
        std::size_t bytes = 0;
        for (const ww_range& range : ranges()) {
            std::vector<ww_run> runs(1000);
            const std::ptrdiff_t count = ww_collect_runs(tracker_, range.base, range.bytes, WW_RESET,
                                                         runs.data(), runs.size(), nullptr);
            REQUIRE(count >= 0);
            for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
                bytes += runs[i].state == WW_DISCARDED ? runs[i].bytes : 0;
        }
        return bytes / kPage;
    }

private:
    ww_tracker* tracker_;
    std::unique_ptr<ww_heap, HeapDeleter> owner_;
};

const void* page_of(const void* address) {
    return reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(address) / kPage * kPage);
}

} // namespace

TEST_CASE("heap: blocks lie in watched memory, and what is stored in them is found exactly") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    std::vector<char*> blocks;
    for (int i = 0; i < 1000; ++i) {
        blocks.push_back(static_cast<char*>(ww_heap_malloc(heap.get(), 3000)));
        REQUIRE(heap.holds(blocks.back()));
    }
    heap.written();
    CHECK(heap.written().empty());
    std::set<const void*> expected;
    for (std::size_t i = 0; i < blocks.size(); i += 7) {
        blocks[i][0] = 1;
        expected.insert(page_of(blocks[i]));
    }
    CHECK(heap.written() == expected);
    for (char* block : blocks)
        ww_heap_free(block);
}

TEST_CASE("heap: the family does what malloc's does") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    auto* zeros = static_cast<char*>(ww_heap_calloc(heap.get(), 100, 10));
    REQUIRE(zeros != nullptr);
    CHECK(std::string(zeros, 1000) == std::string(1000, '\0'));
    CHECK(ww_heap_calloc(heap.get(), ~std::size_t{0} / 2, 3) == nullptr);
    std::memset(zeros, 'x', 1000);
    CHECK(ww_heap_usable_size(zeros) >= 1000);
    auto* moved = static_cast<char*>(ww_heap_realloc(heap.get(), zeros, 100'000));
    REQUIRE(moved != nullptr);
    CHECK(heap.holds(moved));
    CHECK(std::string(moved, 1000) == std::string(1000, 'x'));
    for (std::size_t alignment = 8; alignment <= 65536; alignment *= 2) {
        for (const std::size_t bytes : {std::size_t{1}, alignment, 2 * alignment}) {
            for (int i = 0; i < 10; ++i) { // kept, or it would be one block each time
                void* aligned = ww_heap_aligned_alloc(heap.get(), alignment, bytes);
                REQUIRE(heap.holds(aligned));
                CHECK(reinterpret_cast<std::uintptr_t>(aligned) % alignment == 0);
            }
        }
    }
    CHECK(ww_heap_aligned_alloc(heap.get(), 3, 100) == nullptr);
    ww_heap_free(moved);
    ww_heap_free(nullptr);
}

TEST_CASE("heap: it grows by further watches, and large blocks lie in them too") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    std::vector<char*> blocks;
    for (int i = 0; i < 20; ++i) {
        blocks.push_back(static_cast<char*>(ww_heap_malloc(heap.get(), 10 << 20)));
        REQUIRE(blocks.back() != nullptr);
        REQUIRE(heap.holds(blocks.back()));
    }
    auto* huge = static_cast<char*>(ww_heap_malloc(heap.get(), kHuge));
    REQUIRE(huge != nullptr);
    CHECK(heap.holds(huge));
    CHECK(heap.ranges().size() > 1);
    if (kMimalloc3) {
        const std::size_t parts = heap.ranges().size();
        CHECK(ww_heap_malloc(heap.get(), std::size_t{300} << 20) == nullptr);
        CHECK(heap.ranges().size() == parts);
    }
    heap.written();
    huge[200 << 20] = 1;
    blocks[3][0] = 1;
    CHECK(heap.written() == std::set<const void*>{page_of(blocks[3]), page_of(huge + (200 << 20))});
    ww_heap_free(huge);
    for (char* block : blocks)
        ww_heap_free(block);
}

TEST_CASE("heap: several have nothing in common, and what one leaves another uses") {
    const TrackerPtr tracker = make_tracker();
    void* first_base = nullptr;
    {
        const Heap first{tracker.get()};
        const Heap second{tracker.get()};
        first_base = first.ranges()[0].base;
        void* a = ww_heap_malloc(first.get(), 100);
        void* b = ww_heap_malloc(second.get(), 100);
        CHECK(first.holds(a));
        CHECK_FALSE(first.holds(b));
        CHECK(second.holds(b));
        *static_cast<char*>(a) = 1;
    }
    CHECK(ww_find(tracker.get(), first_base, kPage, nullptr) == 0);
    bool used_again = false;
    for (int i = 0; i < 200; ++i) { // far more than mimalloc has places for
        const Heap heap{tracker.get()};
        used_again = used_again || heap.ranges()[0].base == first_base;
        auto* block = static_cast<char*>(ww_heap_calloc(heap.get(), 1, 100'000));
        REQUIRE(block != nullptr);
        CHECK(block[50'000] == 0);
        std::memset(block, 1, 100'000);
    }
    CHECK(used_again);
}

TEST_CASE("heap: another thread frees, and is refused a block") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    void* block = ww_heap_malloc(heap.get(), 100);
    void* got = block;
    std::thread{[&] {
        got = ww_heap_malloc(heap.get(), 100);
        ww_heap_free(block);
    }}.join();
    CHECK(got == nullptr);
    CHECK(ww_heap_malloc(heap.get(), 100) != nullptr);
}

TEST_CASE("heap: what it gives back to the system is no write by the program") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get(), WW_HEAP_PURGE};
    auto* block = static_cast<char*>(ww_heap_malloc(heap.get(), 8 << 20));
    REQUIRE(block != nullptr);
    std::memset(block, 1, 8 << 20);
    const std::size_t all = heap.written().size();
    CHECK(all >= (8U << 20) / kPage);
    ww_heap_free(block);
    ww_heap_purge(heap.get());
    CHECK(heap.discarded() > all / 2);
    CHECK(heap.written().size() < all / 10);
}

TEST_CASE("heap: bad arguments are refused") {
    const TrackerPtr tracker = make_tracker();
    ww_heap* made = nullptr;
    CHECK(ww_heap_create(nullptr, 0, 0, &made) == -EINVAL);
    CHECK(ww_heap_create(tracker.get(), 0, 64, &made) == -EINVAL);
    CHECK(ww_heap_create(tracker.get(), ~std::size_t{0} / 2, 0, &made) == -ENOMEM);
    CHECK(made == nullptr);
    ww_heap_destroy(nullptr);
}

TEST_CASE("heap: a visit sees every block once, until it is told to stop") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    std::map<const void*, int> seen;
    std::set<const void*> mine;
    for (int i = 0; i < 50; ++i)
        mine.insert(ww_heap_malloc(heap.get(), 64 + 100 * static_cast<std::size_t>(i)));
    const auto count = [](void* block, std::size_t, void* argument) {
        ++(*static_cast<std::map<const void*, int>*>(argument))[block];
        return 1;
    };
    CHECK(ww_heap_visit(heap.get(), count, &seen) == 1);
    CHECK(seen.size() == mine.size());
    for (const void* block : mine)
        CHECK(seen[block] == 1);
    const auto stop = [](void*, std::size_t, void*) { return 0; };
    CHECK(ww_heap_visit(heap.get(), stop, nullptr) == 0);
}

TEST_CASE("heap: statistics count, and write to nothing that they look at") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    std::vector<void*> blocks;
    for (int i = 0; i < 1000; ++i)
        blocks.push_back(ww_heap_malloc(heap.get(), 100 + static_cast<std::size_t>(i)));
    const auto free_elsewhere = [&] {
        std::thread{[&] {
            for (std::size_t i = 0; i < 100; ++i)
                ww_heap_free(blocks[i]); // a visit would settle this
        }}.join();
    };
    if (!kMimalloc3) // whose statistics settle it too
        free_elsewhere();
    heap.written();
    ww_heap_stats stats;
    ww_heap_stats_get(heap.get(), &stats, sizeof stats);
    for (std::size_t i = 100; i < blocks.size(); ++i)
        CHECK(ww_heap_usable_size(blocks[i]) >= 100 + i);
    CHECK(heap.written().empty());
    CHECK(stats.reserved_bytes == heap.ranges()[0].bytes);
    CHECK(stats.blocks == 1000);
    CHECK(stats.block_bytes > 1000 * 500);
    if (kMimalloc3) {
        free_elsewhere();
        ww_heap_stats_get(heap.get(), &stats, sizeof stats);
        CHECK(stats.blocks == 900);
        CHECK(!heap.written().empty());
    }
    std::thread{[&] {
        ww_heap_stats_get(heap.get(), &stats, sizeof stats);
        CHECK(stats.blocks == 0); // is not the heap's thread
    }}.join();
}

TEST_CASE("heap: a visit writes where blocks were freed elsewhere, and not to blocks in use") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    std::vector<char*> blocks;
    for (int i = 0; i < 500; ++i)
        blocks.push_back(static_cast<char*>(ww_heap_malloc(heap.get(), 4000)));
    const auto visit = [](void*, std::size_t, void* count) {
        ++*static_cast<std::size_t*>(count);
        return 1;
    };
    std::size_t visited = 0;
    heap.written();
    REQUIRE(ww_heap_visit(heap.get(), visit, &visited) == 1);
    CHECK(visited == 500);
    const std::size_t at_rest = heap.written().size();
    MESSAGE("pages written by a visit: ", at_rest);
    CHECK(at_rest <= 4);
    std::thread{[&] {
        for (const std::size_t i : {7U, 8U, 9U})
            ww_heap_free(blocks[i]);
    }}.join();
    heap.written();
    visited = 0;
    REQUIRE(ww_heap_visit(heap.get(), visit, &visited) == 1);
    CHECK(visited < 500);
    CHECK(!heap.written().empty());
}

TEST_CASE("heap: containers live in it, by memory resource and by allocator") {
    const TrackerPtr tracker = make_tracker();
    const Heap heap{tracker.get()};
    const Heap other{tracker.get()};
    ww::heap_resource resource{heap.get()};
    ww::heap_resource same{heap.get()};
    ww::heap_resource different{other.get()};
    CHECK(resource == same);
    CHECK(resource != different);
    std::pmr::vector<int> numbers{&resource};
    for (int i = 0; i < 10'000; ++i)
        numbers.push_back(i);
    CHECK(heap.holds(numbers.data()));

    using Pair = std::pair<const int, int>;
    std::map<int, int, std::less<>, ww::heap_allocator<Pair>> map{
        ww::heap_allocator<Pair>{heap.get()}};
    for (int i = 0; i < 1000; ++i)
        map[i] = i;
    CHECK(heap.holds(&map[500]));
    heap.written();
    map[500] = 7;
    numbers[9'000] = 7;
    CHECK(heap.written() == std::set<const void*>{page_of(&map[500]), page_of(&numbers[9'000])});
    CHECK_THROWS_AS((void)resource.allocate(~std::size_t{0} / 4), std::bad_alloc);
}
