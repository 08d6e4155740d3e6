// SPDX-License-Identifier: MIT
// Several ranges in one call: the same answers as one by one, and nothing but
// the ranges is reset.
#include "pages.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <writewatch/generations.h>

namespace {

constexpr std::size_t kParts = 200;
constexpr std::size_t kPartPages = 16;

// Parts of watched memory with gaps as wide as themselves, or wider than is
// looked over.
struct Many : Watched {
    Many() : Watched(2 * kParts * kPartPages) {
        for (std::size_t i = 0; i < kParts; ++i)
            asked.push_back({at(2 * i * kPartPages), kPartPages * kPage});
    }
    static bool is_asked(std::size_t page) { return page / kPartPages % 2 == 0; }
    static std::size_t page_in(std::size_t part, std::size_t page) {
        return 2 * part * kPartPages + page;
    }

    PageSet collect_many(unsigned flags, std::size_t capacity = 100'000) const {
        PageSet pages;
        void* resume = nullptr;
        std::vector<void*> out(capacity);
        do {
            const std::ptrdiff_t found =
                ww_collect_pages_many(tracker(), asked.data(), asked.size(), resume, flags,
                                      out.data(), out.size(), &resume);
            REQUIRE(found >= 0);
            for (std::ptrdiff_t i = 0; i < found; ++i)
                CHECK(pages.insert(page_of(out[static_cast<std::size_t>(i)])).second);
        } while (resume != nullptr);
        return pages;
    }

    std::ptrdiff_t outcome(const std::vector<ww_range>& ranges, const void* from = nullptr,
                           unsigned flags = WW_RESET) const {
        return ww_count_written_many(tracker(), ranges.data(), ranges.size(), from, flags, 1000,
                                     nullptr);
    }

    std::vector<ww_range> asked;
};

} // namespace

TEST_CASE("many ranges: untouched, read and clean pages are not reported, written ones are") {
    const Many many;
    CHECK(many.collect_many(WW_RESET).empty());
    many.load(many.page_in(3, 0));
    const PageSet some{many.page_in(0, 0), many.page_in(70, 15), many.page_in(199, 7)};
    for (const std::size_t page : some)
        many.store(page);
    CHECK(many.collect_many(0) == some);
    CHECK(many.collect_many(WW_UNCHANGED) == some);
    CHECK(many.collect_many(WW_RESET) == some);
    CHECK(many.collect_many(WW_RESET).empty());
    CHECK(many.collect_many(WW_UNCHANGED).empty());
}

TEST_CASE("many ranges: what was written between them is still there afterwards") {
    const Many many;
    many.store_all();
    const PageSet found = many.collect_many(WW_RESET);
    CHECK(found.size() == kParts * kPartPages);
    CHECK(std::ranges::all_of(found, Many::is_asked));
    const PageSet rest = many.written_and_reset();
    CHECK(rest.size() == kParts * kPartPages);
    CHECK(std::ranges::none_of(rest, Many::is_asked));
}

TEST_CASE("many ranges: another tracker's memory between them loses nothing") {
    const Pages memory{5 * kPartPages};
    const TrackerPtr ours = make_tracker();
    const TrackerPtr other = make_tracker();
    std::vector<ww_range> asked;
    for (std::size_t i = 0; i < 5; ++i) {
        const ww_range part{memory.at(i * kPartPages), kPartPages * kPage};
        REQUIRE(ww_watch(i % 2 == 0 ? ours.get() : other.get(), part.base, part.bytes, 0) == 0);
        if (i % 2 == 0)
            asked.push_back(part);
    }
    for (int round = 0; round < 3; ++round) {
        memory.store(kPartPages + 1);
        memory.store(2 * kPartPages + 2);
        CHECK(ww_count_written_many(ours.get(), asked.data(), asked.size(), nullptr, WW_RESET, 100,
                                    nullptr) == 1);
        CHECK(ww_count_written(other.get(), memory.at(kPartPages), kPartPages * kPage, WW_RESET,
                               100, nullptr) == 1);
    }
}

TEST_CASE("many ranges: watches of their own, and an answer that stops and goes on") {
    const Pages memory{9 * kPartPages};
    const TrackerPtr tracker = make_tracker();
    std::vector<ww_range> asked;
    for (std::size_t i = 0; i < 9; i += 2) {
        asked.push_back({memory.at(i * kPartPages), kPartPages * kPage});
        REQUIRE(ww_watch(tracker.get(), asked.back().base, asked.back().bytes, 0) == 0);
    }
    memory.store_all();
    std::size_t found = 0;
    void* resume = nullptr;
    do {
        const std::ptrdiff_t count = ww_count_written_many(
            tracker.get(), asked.data(), asked.size(), resume, WW_RESET, 6, &resume);
        REQUIRE(count > 0);
        found += static_cast<std::size_t>(count);
    } while (resume != nullptr);
    CHECK(found == 5 * kPartPages);
}

TEST_CASE("many ranges: any capacity, every page once, and only what was reported is reset") {
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        CAPTURE(capacity);
        const Many many;
        PageSet written;
        for (std::size_t part = 0; part < kParts; part += 9) {
            for (std::size_t page = part % 5; page < kPartPages; page += 3) {
                many.store(many.page_in(part, page));
                written.insert(many.page_in(part, page));
            }
        }
        std::vector<void*> out(capacity);
        void* resume = nullptr;
        REQUIRE(ww_collect_pages_many(many.tracker(), many.asked.data(), kParts, nullptr, WW_RESET,
                                      out.data(), capacity, &resume) ==
                static_cast<std::ptrdiff_t>(std::min(capacity, written.size())));
        const std::size_t first = std::min(capacity, written.size());
        const PageSet rest{std::next(written.begin(), static_cast<std::ptrdiff_t>(first)),
                           written.end()};
        CHECK(many.collect_many(0, capacity) == rest);
        CHECK(many.collect_many(WW_RESET, capacity) == rest);
        CHECK(many.collect_many(0).empty());
    }
}

TEST_CASE("many ranges: as ranges, merged where two of them touch; as a count; whether any") {
    const Watched pages{64};
    const std::vector<ww_range> asked{{pages.at(0), 8 * kPage},
                                      {pages.at(8), 8 * kPage},
                                      {pages.at(32), 8 * kPage}};
    CHECK(ww_any_written_many(pages.tracker(), asked.data(), asked.size()) == 0);
    for (const std::size_t page : PageSet{6, 7, 8, 9, 20, 39})
        pages.store(page);
    CHECK(ww_any_written_many(pages.tracker(), asked.data(), asked.size()) == 1);
    CHECK(ww_count_written_many(pages.tracker(), asked.data(), asked.size(), nullptr, 0, 100,
                                nullptr) == 5);
    std::array<ww_range, 4> out{};
    void* resume = pages.at(0);
    REQUIRE(ww_collect_ranges_many(pages.tracker(), asked.data(), asked.size(), nullptr, WW_RESET,
                                   out.data(), out.size(), &resume) == 2);
    CHECK(resume == nullptr);
    CHECK(out[0].base == pages.at(6));
    CHECK(out[0].bytes == 4 * kPage);
    CHECK(out[1].base == pages.at(39));
    CHECK(pages.written() == PageSet{20});
}

TEST_CASE("many ranges: memory mapped over one of them untold is reported, and watched again") {
    const Many many;
    CHECK(many.collect_many(WW_RESET).empty());
    void* part = many.at(many.page_in(5, 4));
    REQUIRE(::mmap(part, 4 * kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == part);
    many.store(many.page_in(5, 6));
    CHECK(many.collect_many(WW_RESET) == PageSet{many.page_in(5, 6)});
    CHECK(many.counters().repairs == 1);
    many.store(many.page_in(5, 7));
    CHECK(many.collect_many(WW_RESET) == PageSet{many.page_in(5, 7)});
}

TEST_CASE("many ranges: bad ones are refused, and nothing is reset") {
    const Many many;
    many.store(0);
    const ww_range first = many.asked[0];
    const ww_range second = many.asked[1];
    CHECK(many.outcome({second, first}) == -EINVAL);
    CHECK(many.outcome({first, {many.at(1), kPage}}) == -EINVAL);
    CHECK(many.outcome({first, {many.at(40), 0}}) == -EINVAL);
    CHECK(many.outcome({first, {many.at(40) + 1, kPage}}) == -EINVAL);
    CHECK(many.outcome({first, second}, nullptr, 1U << 30) == -EINVAL);
    CHECK(ww_count_written(many.tracker(), first.base, first.bytes, WW_UNCHANGED, 1, nullptr) ==
          -EINVAL);
    CHECK(many.outcome({first, second}, many.at(1) + 1) == -EINVAL);
    CHECK(many.outcome({first, second}, many.at(48)) == -EINVAL);
    CHECK(many.outcome({{many.at(many.count()), kPage}}) == -ENOENT);
    CHECK(many.written() == PageSet{0});

    ww_generations* generations = nullptr;
    REQUIRE(ww_generations_create(many.tracker(), second.base, second.bytes, &generations) == 0);
    CHECK(many.outcome({second}) == -EBUSY);
    CHECK(many.outcome({second}, nullptr, 0) == 0);
    ww_generations_destroy(generations);

    void* resume = many.at(0);
    CHECK(ww_count_written_many(many.tracker(), nullptr, 0, nullptr, 0, 1, &resume) == 0);
    CHECK(resume == nullptr);
}

TEST_CASE("many ranges: beginning in the middle asks nothing in front of it") {
    const Many many;
    many.store(many.page_in(0, 0));
    many.store(many.page_in(1, 0));
    many.store(many.page_in(1, 5));
    many.store(many.page_in(2, 0));
    CHECK(many.outcome(many.asked, many.at(many.page_in(1, 3))) == 2);
    CHECK(many.written() == PageSet{many.page_in(0, 0), many.page_in(1, 0)});
}

// Ranges of every size, touching or far apart, in any state.
TEST_CASE("many ranges: random ranges and stores get what is asked one by one") {
    std::mt19937 random{3};
    const Watched pages{6000, 2U << 20};
    for (unsigned round = 0; round < 60; ++round) {
        std::vector<ww_range> asked;
        PageSet expected;
        PageSet others;
        for (std::size_t i = random() % 300; i > 0; --i)
            pages.store(random() % pages.count());
        if (round % 7 == 0) {
            for (std::size_t page = 1000; page < 4000; ++page)
                pages.store(page);
        }
        const PageSet written = pages.written();
        for (std::size_t page = random() % 50; page < pages.count();) {
            const std::size_t most = random() % 20 == 0 ? 1500 : 20;
            const std::size_t count = std::min(1 + random() % most, pages.count() - page);
            asked.push_back({pages.at(page), count * kPage});
            page += count + (random() % 3 == 0 ? 0 : random() % 60);
        }
        for (const std::size_t page : written) {
            const bool is_asked = std::ranges::any_of(asked, [&](const ww_range& range) {
                const std::size_t first = pages.page_of(range.base);
                return first <= page && page < first + range.bytes / kPage;
            });
            (is_asked ? expected : others).insert(page);
        }
        std::vector<void*> out(pages.count());
        const std::ptrdiff_t found =
            ww_collect_pages_many(pages.tracker(), asked.data(), asked.size(), nullptr,
                                  round % 2 == 0 ? WW_RESET : WW_RESET | WW_UNCHANGED, out.data(),
                                  out.size(), nullptr);
        REQUIRE(found >= 0);
        PageSet got;
        for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i)
            got.insert(pages.page_of(out[i]));
        REQUIRE(got == expected);
        REQUIRE(pages.written() == others);
    }
}
