// SPDX-License-Identifier: MIT
// Forms of the answer, capacities, and where to go on.
#include "pages.h"

#include <array>
#include <cerrno>

namespace {

// 3000 pages, every second written: more regions than one scan returns.
constexpr std::size_t kMany = 3000;

PageSet write_every_second(const Watched& pages) {
    PageSet even;
    for (std::size_t page = 0; page < pages.count(); page += 2) {
        pages.store(page);
        even.insert(even.end(), page);
    }
    return even;
}

} // namespace

TEST_CASE("many regions: every second of thousands of pages comes back, ascending") {
    const Watched pages{kMany};
    const PageSet even = write_every_second(pages);
    std::vector<void*> out(kMany);
    REQUIRE(ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, out.data(),
                             out.size(), nullptr) == static_cast<std::ptrdiff_t>(even.size()));
    for (std::size_t i = 0; i < even.size(); ++i)
        REQUIRE(out[i] == pages.at(2 * i));
    CHECK(pages.written().empty());
}

TEST_CASE("more pages than one scan may report: all come back, none twice") {
    const Watched pages{40'000};
    pages.store_all();
    CHECK(pages.written_and_reset() == pages_between(0, pages.count()));
    CHECK(pages.written().empty());
}

TEST_CASE("capacity: the first pages are returned, only they are reset, the rest follows") {
    const Watched pages{16};
    for (const std::size_t page : PageSet{1, 2, 3, 8, 9})
        pages.store(page);
    std::array<void*, 4> out{};
    void* resume = nullptr;
    CHECK(ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, out.data(), 4,
                           &resume) == 4);
    CHECK(out == std::array<void*, 4>{pages.at(1), pages.at(2), pages.at(3), pages.at(8)});
    CHECK(resume == pages.at(9));
    CHECK(pages.written() == PageSet{9});
    CHECK(ww_collect_pages(pages.tracker(), resume, pages.bytes() - 9 * kPage, WW_RESET, out.data(),
                           4, &resume) == 1);
    CHECK(out[0] == pages.at(9));
    CHECK(resume == pages.at(16));
}

TEST_CASE("capacity: nothing behind the last returned page is stored") {
    const Watched pages{8};
    pages.store_all();
    std::array<void*, 4> out{};
    CHECK(ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, out.data(), 3,
                           nullptr) == 3);
    CHECK(out[3] == nullptr);
}

TEST_CASE("capacity 0: nothing is returned and nothing is reset") {
    const Watched pages{4};
    pages.store(1);
    void* resume = nullptr;
    CHECK(ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, nullptr, 0,
                           &resume) == 0);
    CHECK(resume == pages.at(0));
    CHECK(ww_collect_ranges(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, nullptr, 0,
                            &resume) == 0);
    CHECK(pages.written() == PageSet{1});
}

TEST_CASE("a part of a watch: only that part is reported and reset") {
    const Watched pages{8};
    pages.store_all();
    CHECK(pages.collect(WW_RESET, 2, 3) == PageSet{2, 3, 4});
    CHECK(pages.written() == PageSet{0, 1, 5, 6, 7});
}

TEST_CASE("ranges: neighbours are one range, also when more than one scan was needed") {
    const Watched pages{40'000};
    for (std::size_t page = 10; page < 39'000; ++page)
        pages.store(page);
    pages.store(39'500);
    std::array<ww_range, 4> out{};
    REQUIRE(ww_collect_ranges(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, out.data(),
                              out.size(), nullptr) == 2);
    CHECK(out[0].base == pages.at(10));
    CHECK(out[0].bytes == 38'990 * kPage);
    CHECK(out[1].base == pages.at(39'500));
    CHECK(out[1].bytes == kPage);
    CHECK(pages.written().empty());
}

TEST_CASE("ranges with little room: call after call gives all, each page once") {
    const Watched pages{kMany};
    const PageSet even = write_every_second(pages);
    PageSet got;
    std::array<ww_range, 7> out{};
    void* next = pages.at(0);
    while (next != pages.at(kMany)) {
        const auto rest = static_cast<std::size_t>(pages.at(kMany) - static_cast<char*>(next));
        const std::ptrdiff_t found =
            ww_collect_ranges(pages.tracker(), next, rest, WW_RESET, out.data(), out.size(), &next);
        REQUIRE(found >= 0);
        for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i) {
            for (std::size_t b = 0; b < out[i].bytes; b += kPage)
                REQUIRE(got.insert(pages.page_of(static_cast<char*>(out[i].base) + b)).second);
        }
    }
    CHECK(got == even);
    CHECK(pages.written().empty());
}

TEST_CASE("bitmap: one bit a page, OR-ed, and reset as far as the words reach") {
    const Watched pages{200};
    for (const std::size_t page : PageSet{0, 63, 64, 130})
        pages.store(page);
    std::array<std::uint64_t, 4> words{2, 0, 0, 7};
    void* resume = nullptr;
    CHECK(ww_collect_bitmap(pages.tracker(), pages.at(0), pages.bytes(), 0, words.data(), 4,
                            &resume) == 4);
    CHECK(resume == pages.at(200));
    CHECK(words == std::array<std::uint64_t, 4>{(std::uint64_t{1} << 63) | 3, 1, 4, 7});
    words = {};
    CHECK(ww_collect_bitmap(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, words.data(), 2,
                            &resume) == 3);
    CHECK(resume == pages.at(128));
    CHECK(pages.written() == PageSet{130});
    CHECK(ww_collect_bitmap(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, nullptr, 0,
                            &resume) == 0);
    CHECK(resume == pages.at(0));
    CHECK(ww_collect_bitmap(pages.tracker(), pages.at(0), pages.bytes() + kPage, 0, words.data(), 1,
                            &resume) == -ENOENT);
}

TEST_CASE("count: as many as there are, or as are asked for, and only those are reset") {
    const Watched pages{kMany};
    write_every_second(pages);
    const auto count = [&](unsigned flags, std::size_t limit, void** resume) {
        return ww_count_written(pages.tracker(), pages.at(0), pages.bytes(), flags, limit, resume);
    };
    CHECK(count(0, SIZE_MAX, nullptr) == kMany / 2);
    void* resume = nullptr;
    CHECK(count(WW_RESET, 10, &resume) == 10);
    CHECK(resume == pages.at(19));
    CHECK(count(0, SIZE_MAX, nullptr) == kMany / 2 - 10);
    CHECK(count(WW_RESET, 0, &resume) == 0);
    CHECK(count(WW_RESET, SIZE_MAX, nullptr) == kMany / 2 - 10);
    CHECK(count(0, SIZE_MAX, nullptr) == 0);
}

TEST_CASE("any written: yes or no, and nothing is reset") {
    const Watched pages{kMany};
    const auto any = [&](std::size_t first, std::size_t count) {
        return ww_any_written(pages.tracker(), pages.at(first), count * kPage);
    };
    CHECK(any(0, kMany) == 0);
    pages.store(kMany - 1);
    CHECK(any(0, kMany) == 1);
    CHECK(any(0, kMany - 1) == 0);
    CHECK(any(kMany - 1, 1) == 1);
    CHECK(any(kMany, 1) == -ENOENT);
}

TEST_CASE("ww_reset: everything in the range is clean, the rest untouched") {
    const Watched pages{kMany};
    write_every_second(pages);
    CHECK(ww_reset(pages.tracker(), pages.at(100), (kMany - 100) * kPage) == 0);
    CHECK(pages.written().size() == 50);
    CHECK(*pages.written().rbegin() == 98);
    pages.store(kMany - 1);
    CHECK(pages.written().contains(kMany - 1));
}

TEST_CASE("bad ranges and flags: refused, outputs and state untouched") {
    const Watched pages{4};
    pages.store(1);
    void* out = nullptr;
    void* resume = nullptr;
    const auto collect = [&](char* base, std::size_t bytes, unsigned flags) {
        return ww_collect_pages(pages.tracker(), base, bytes, flags, &out, 1, &resume);
    };
    CHECK(collect(pages.at(0), 0, WW_RESET) == -EINVAL);
    CHECK(collect(pages.at(0) + 1, kPage, WW_RESET) == -EINVAL);
    CHECK(collect(pages.at(0), kPage - 1, WW_RESET) == -EINVAL);
    CHECK(collect(pages.at(0), SIZE_MAX - kPage + 1, WW_RESET) == -EINVAL);
    CHECK(collect(pages.at(0), pages.bytes(), WW_RESET | 2) == -EINVAL);
    CHECK(collect(pages.at(0), pages.bytes() + kPage, WW_RESET) == -ENOENT);
    CHECK(collect(pages.at(0) - kPage, pages.bytes(), WW_RESET) == -ENOENT);
    CHECK(ww_reset(pages.tracker(), pages.at(0), pages.bytes() + kPage) == -ENOENT);
    CHECK(out == nullptr);
    CHECK(resume == nullptr);
    CHECK(pages.written() == PageSet{1});
}

TEST_CASE("any written: 1 however many there are") {
    const Watched pages{8};
    CHECK(ww_any_written(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    pages.store_all();
    CHECK(ww_any_written(pages.tracker(), pages.at(0), pages.bytes()) == 1);
    pages.store(3);
    CHECK(ww_any_written(pages.tracker(), pages.at(3), 2 * kPage) == 1);
}
