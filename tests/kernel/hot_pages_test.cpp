// SPDX-License-Identifier: MIT
// Pages that are written in every round.
#include "need.h"
#include "pages.h"
#include "storm.h"
#include "writewatch/hot_pages.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

namespace {

class Hot : public Watched {
public:
    explicit Hot(std::size_t count, std::size_t alignment = 0) : Watched(count, alignment) {
        REQUIRE(ww_hot_create(tracker(), at(0), bytes(), &hot_) == 0);
    }
    ~Hot() { end(); }
    ww_hot_pages* get() const { return hot_; }
    void end() {
        ww_hot_destroy(hot_);
        hot_ = nullptr;
    }

    PageSet collect(const void* shadow = nullptr) const {
        std::vector<void*> out(count());
        void* resume = nullptr;
        const std::ptrdiff_t found = ww_hot_collect_pages(get(), at(0), bytes(), shadow, out.data(),
                                                          out.size(), &resume);
        REQUIRE(found >= 0);
        CHECK(resume == at(count()));
        out.resize(static_cast<std::size_t>(found));
        CHECK(std::ranges::is_sorted(out));
        PageSet pages;
        for (const void* page : out)
            pages.insert(page_of(page));
        CHECK(pages.size() == out.size());
        return pages;
    }
    ww_hot_counters hot_counters() const {
        ww_hot_counters counters;
        ww_hot_counters_get(get(), &counters, sizeof counters);
        return counters;
    }

private:
    ww_hot_pages* hot_ = nullptr;
};

constexpr std::size_t kBlock = 512;

PageSet store_each(const Pages& pages, const PageSet& which) {
    for (const std::size_t page : which)
        pages.store(page, static_cast<char>(pages.load(page) + 1));
    return which;
}

PageSet every(std::size_t step, std::size_t first, std::size_t end) {
    PageSet pages;
    for (std::size_t page = first; page < end; page += step)
        pages.insert(pages.end(), page);
    return pages;
}

PageSet sum(PageSet a, const PageSet& b) {
    a.insert(b.begin(), b.end());
    return a;
}

// 100 of 2048 pages are written until they are hot and left unarmed.
struct Warm : Hot {
    PageSet always = every(10, 1000, 2000);
    Warm() : Hot(4 * kBlock, kBlock * kPage) {
        for (int round = 0; round < 4; ++round)
            CHECK(collect_after(always) == always);
        CHECK(collect_after(always) == always);
        REQUIRE(hot_counters().unarmed_rounds == 1);
    }
    PageSet collect_after(const PageSet& stores) const {
        store_each(*this, stores);
        return collect();
    }
    // Rounds that write what is always written, until `round` has been.
    void go_on_until(std::uint64_t round) const {
        while (hot_counters().rounds < round)
            CHECK(collect_after(always) == always);
    }
};

long faults() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
}

} // namespace

TEST_CASE("hot pages: as long as nothing is hot the answer is exact") {
    const Hot pages{100};
    CHECK(pages.collect().empty());
    for (int round = 0; round < 40; ++round) {
        const auto place = static_cast<std::size_t>(round);
        const PageSet some{place, 99 - place};
        store_each(pages, some);
        CHECK(pages.collect() == some);
    }
    CHECK(pages.hot_counters().unarmed_rounds == 0);
}

TEST_CASE("hot pages: they are reported unwritten, others are exact, until all are armed again") {
    const Warm pages;
    CHECK(pages.collect() == pages.always);
    CHECK(pages.collect_after({3, 1001}) == sum(pages.always, {3, 1001}));
    CHECK(pages.collect() == pages.always);
    while (pages.hot_counters().rounds < 32)
        CHECK(pages.collect() == pages.always);
    CHECK(pages.collect_after({7}) == PageSet{7});
    CHECK(pages.collect().empty());
}

TEST_CASE("hot pages: the one that cooled is found out, the others stay hot") {
    const Warm pages;
    pages.go_on_until(32);
    PageSet left = pages.always;
    left.erase(1500);
    CHECK(pages.collect_after(left) == left);
    CHECK(pages.collect() == left); // not asked
    CHECK(pages.collect_after({1500}) == sum(left, {1500}));
    CHECK(pages.collect() == left);
}

TEST_CASE("hot pages: a steady loop takes a fault for each other page, none for hot ones") {
    const Warm pages;
    for (std::size_t round = 0; round < 20; ++round) {
        const PageSet others = every(200, round + 1, 900);
        const PageSet all = sum(pages.always, others);
        for (const std::size_t page : others)
            pages.load(page);
        const long before = faults();
        for (const std::size_t page : all)
            pages.store(page);
        CHECK(faults() - before == static_cast<long>(others.size()));
        REQUIRE(pages.collect() == all);
    }
    CHECK(pages.hot_counters().hot == pages.always.size());
}

TEST_CASE("hot pages: where many others are written everything is armed, and exact") {
    const Warm pages;
    const PageSet others = every(2, 0, 900);
    CHECK(pages.collect_after(sum(pages.always, others)) == sum(pages.always, others));
    CHECK(pages.collect_after({5}) == PageSet{5});
    CHECK(pages.hot_counters().unarmed_rounds == 2);
}

TEST_CASE("hot pages: counters say what was hot, armed, asked and left out") {
    const Warm pages;
    const ww_hot_counters before = pages.hot_counters();
    CHECK(before.rounds == 5);
    CHECK(before.asked == 500);
    CHECK(before.unasked == 0);
    CHECK(before.armed == 400);
    pages.collect_after(sum(pages.always, {1, 2, 8}));
    const ww_hot_counters after = pages.hot_counters();
    CHECK(after.asked == 503);
    CHECK(after.unasked == 100);
    CHECK(after.armed == 403);
    CHECK(after.equal == 0);
    std::uint64_t first = 77;
    ww_hot_counters_get(pages.get(), reinterpret_cast<ww_hot_counters*>(&first), sizeof first);
    CHECK(first == 6);
}

TEST_CASE("hot pages with a shadow: what was not written is left out, in every form") {
    const Warm pages;
    const Pages shadow{pages.count()};
    std::memcpy(shadow.at(0), pages.at(0), pages.bytes());
    CHECK(pages.collect(shadow.at(0)).empty());
    CHECK(pages.hot_counters().equal == 100);
    store_each(pages, {3, 1010, 1011, 1990});
    CHECK(pages.collect(shadow.at(0)) == PageSet{3, 1010, 1011, 1990});

    std::memcpy(shadow.at(0), pages.at(0), pages.bytes());
    store_each(pages, {1000, 1990});
    std::vector<std::uint64_t> words(pages.count() / 64);
    CHECK(ww_hot_collect_bitmap(pages.get(), pages.at(0), pages.bytes(), shadow.at(0), words.data(),
                                words.size(), nullptr) == 2);
    CHECK(words[1000 / 64] == std::uint64_t{1} << 1000 % 64);
    CHECK(words[1990 / 64] == std::uint64_t{1} << 1990 % 64);

    // Only a part, with its part of the shadow.
    std::array<ww_range, 2> out{};
    CHECK(ww_hot_collect_ranges(pages.get(), pages.at(1900), 100 * kPage, shadow.at(1900),
                                out.data(), out.size(), nullptr) == 1);
    CHECK(out[0].base == pages.at(1990));
    CHECK(out[0].bytes == kPage);
}

TEST_CASE("hot pages with a shadow: the very first byte and the last count") {
    const Warm pages;
    const Pages shadow{pages.count()};
    std::memcpy(shadow.at(0), pages.at(0), pages.bytes());
    pages.at(1010)[0] ^= 1;
    pages.at(1020)[kPage - 1] ^= 1;
    CHECK(pages.collect(shadow.at(0)) == PageSet{1010, 1020});
}

TEST_CASE("hot pages with a shadow: equal ones between others never overrun the caller's room") {
    const Hot pages{64};
    for (int round = 0; round < 5; ++round) {
        pages.store_all();
        CHECK(pages.collect().size() == 64);
    }
    const Pages shadow{64};
    std::memcpy(shadow.at(0), pages.at(0), pages.bytes());
    const PageSet even = store_each(pages, every(2, 0, 64));
    PageSet got;
    for (void* next = pages.at(0); next != pages.at(64);) {
        std::array<ww_range, 4> out{};
        const auto rest = static_cast<std::size_t>(pages.at(64) - static_cast<char*>(next));
        const std::size_t first = pages.page_of(next);
        const std::ptrdiff_t found = ww_hot_collect_ranges(
            pages.get(), next, rest, shadow.at(first), out.data(), 3, &next);
        REQUIRE(found >= 0);
        CHECK(out[3].base == nullptr);
        for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i) {
            CHECK(out[i].bytes == kPage);
            got.insert(pages.page_of(out[i].base));
        }
    }
    CHECK(got == even);
}

TEST_CASE("hot pages: calls that go on where capacity ended belong to one round") {
    const Warm pages;
    for (int round = 0; round < 3; ++round) {
        store_each(pages, sum(pages.always, {1}));
        PageSet got;
        for (void* next = pages.at(0); next != pages.at(pages.count());) {
            std::array<ww_range, 30> out{};
            const auto rest = pages.bytes() - pages.page_of(next) * kPage;
            const std::ptrdiff_t found = ww_hot_collect_ranges(
                pages.get(), next, rest, nullptr, out.data(), out.size(), &next);
            REQUIRE(found >= 0);
            for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i)
                got.insert(pages.page_of(out[i].base));
        }
        CHECK(got == sum(pages.always, {1}));
    }
    CHECK(pages.hot_counters().rounds == 8);
    CHECK(pages.hot_counters().unarmed_rounds == 4);
}

TEST_CASE("hot pages: nobody else can reset them; afterwards they count as written, once") {
    Warm pages;
    CHECK(ww_reset(pages.tracker(), pages.at(0), kPage) == -EBUSY);
    ww_hot_pages* second = nullptr;
    CHECK(ww_hot_create(pages.tracker(), pages.at(5), kPage, &second) == -EBUSY);
    CHECK(second == nullptr);
    pages.end();
    CHECK(pages.written_and_reset() == pages.always);
    CHECK(pages.written_and_reset().empty());
}

TEST_CASE("hot pages: memory mapped anew in a round that leaves pages loses nothing") {
    NEED(can::see_lost_contents);
    const Warm pages;
    void* part = pages.at(1000);
    REQUIRE(::mmap(part, 20 * kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == part);
    PageSet expected = pages.always;
    expected.erase(1000);
    expected.erase(1010);
    expected.insert({1005, 1011});
    pages.store(1005);
    pages.store(1011);
    CHECK(pages.collect() == expected);
    store_each(pages, {1005});
    CHECK(pages.collect().contains(1005));
}

TEST_CASE("hot pages: bad ranges are refused, outputs and state untouched") {
    const Hot pages{10};
    pages.store(4);
    void* out = nullptr;
    void* resume = &out;
    const auto collect = [&](char* base, std::size_t bytes) {
        return ww_hot_collect_pages(pages.get(), base, bytes, nullptr, &out, 1, &resume);
    };
    CHECK(collect(pages.at(0), pages.bytes() + kPage) == -ENOENT);
    CHECK(collect(pages.at(0) + 1, kPage) == -EINVAL);
    CHECK(collect(pages.at(0), 0) == -EINVAL);
    CHECK(resume == &out);
    CHECK(pages.hot_counters().rounds == 0);
    CHECK(collect(pages.at(0), pages.bytes()) == 1);
    const Pages unwatched{2};
    ww_hot_pages* none = nullptr;
    CHECK(ww_hot_create(pages.tracker(), unwatched.at(0), unwatched.bytes(), &none) == -ENOENT);
    ww_hot_destroy(nullptr);
    REQUIRE(ww_unwatch(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    CHECK(collect(pages.at(0), pages.bytes()) == -ENOENT);
}

TEST_CASE("hot pages: a forked child has none, and can free its copy") {
    const Warm pages;
    const pid_t child = ::fork();
    if (child == 0) {
        void* out[1];
        const bool refused = ww_hot_collect_pages(pages.get(), pages.at(0), pages.bytes(), nullptr,
                                                  out, 1, nullptr) == -ENOSYS;
        ww_hot_destroy(pages.get());
        ::_exit(refused ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(pages.collect() == pages.always);
}

// A model that knows what was written since the last round and what ever was:
// everything written is reported; with a shadow nothing else, without one only
// pages that were written four times in a row.
TEST_CASE("hot pages: random rounds report all that was written, and nothing without a reason") {
    for (unsigned seed = 0; seed < 12; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const bool exact = seed % 2 == 0;
        const Hot pages{3 * kBlock, kBlock * kPage};
        const Pages shadow{pages.count()};
        const std::size_t step = 3 + random() % 20;
        PageSet hot;
        std::vector<int> streak(pages.count());
        for (int round = 0; round < 150; ++round) {
            if (round % 50 == 0)
                hot = every(step, random() % 700, 800 + random() % 700);
            PageSet written = hot;
            for (std::size_t left = random() % (random() % 8 ? 9 : 400); left > 0; --left)
                written.insert(random() % pages.count());
            store_each(pages, written);
            const PageSet got = pages.collect(exact ? shadow.at(0) : nullptr);
            REQUIRE(std::ranges::includes(got, written));
            if (exact)
                REQUIRE(got == written);
            for (const std::size_t page : got) {
                const bool excused = written.contains(page) || streak[page] >= 4;
                REQUIRE(excused);
                std::memcpy(shadow.at(page), pages.at(page), kPage);
            }
            for (std::size_t page = 0; page < pages.count(); ++page)
                streak[page] = got.contains(page) ? streak[page] + 1 : 0;
        }
        CHECK(pages.hot_counters().unarmed_rounds > 20);
    }
}

TEST_CASE("hot pages: storms of stores, no write is lost, with a shadow or without") {
    constexpr std::size_t kPages = 256;
    for (const bool exact : {false, true}) {
        const Hot memory{kPages};
        const Pages shadow{kPages};
        std::vector<char*> addresses;
        // 50 pages get most of the stores, so that they are hot.
        for (int i = 0; i < 40; ++i)
            for (std::size_t page = 0; page < 50; ++page)
                addresses.push_back(memory.at(page * 5));
        for (std::size_t page = 0; page < kPages; ++page)
            addresses.push_back(memory.at(page));
        const auto collect = [&] {
            for (const std::size_t page : memory.collect(exact ? shadow.at(0) : nullptr))
                copy_while_written(shadow.at(page), memory.at(page), kPage);
        };
        Storm storm{addresses, kPage};
        int lost = 0;
        for (int epoch = 0; epoch < 60; ++epoch) {
            storm.start();
            for (int i = 0; i < 12; ++i) {
                std::this_thread::sleep_for(std::chrono::microseconds{200});
                collect();
            }
            storm.pause();
            collect();
            lost += std::memcmp(shadow.at(0), memory.at(0), memory.bytes()) != 0;
        }
        CHECK(lost == 0);
        CHECK(memory.hot_counters().unarmed_rounds > 0);
    }
}
