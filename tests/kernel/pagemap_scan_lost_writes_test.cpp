// SPDX-License-Identifier: MIT
// Getting and clearing in one step loses no write: a thread stores counters at
// random pages while this one gets, clears and copies what was reported; when
// the thread pauses, once more, and the copy must equal the memory. Doing it as
// the proposal did, reading first and protecting later, must lose.
#include "registered.h"

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

constexpr std::size_t kPages = 512;
constexpr std::size_t kWords = 64;      // written of each page
constexpr std::uint64_t kStores = 2000; // at least, in each epoch

class Writer {
public:
    explicit Writer(const Pages& pages) : pages_(pages), thread_([this] { run(); }) {}
    ~Writer() {
        if (!pause_)
            stop(); // a failed requirement ended the test early
        quit_ = true;
        sync_.arrive_and_wait();
        thread_.join();
    }
    void start() {
        pause_ = false;
        sync_.arrive_and_wait();
    }
    std::uint64_t stores() const { return stores_.load(std::memory_order_relaxed); }
    void stop() {
        pause_ = true;
        sync_.arrive_and_wait();
    }

private:
    void run() {
        std::uint64_t random = 1;
        for (std::uint64_t value = 0;;) {
            sync_.arrive_and_wait();
            if (quit_)
                return;
            while (!pause_.load(std::memory_order_relaxed)) {
                random = random * 6364136223846793005 + 1442695040888963407;
                const std::size_t page = (random >> 33) % kPages;
                auto* words = reinterpret_cast<std::uint64_t*>(pages_.at(page));
                std::atomic_ref{words[(random >> 45) % kWords]}.store(++value,
                                                                      std::memory_order_relaxed);
                stores_.store(value, std::memory_order_relaxed);
            }
            sync_.arrive_and_wait();
        }
    }

    const Pages& pages_;
    std::atomic<bool> pause_{true};
    std::atomic<bool> quit_{false};
    std::atomic<std::uint64_t> stores_{0};
    std::barrier<> sync_{2};
    std::thread thread_;
};

using Collector = PageSet (*)(const Pages&);

PageSet in_small_steps(const Pages& pages) {
    PageSet found;
    ww_v7_page_region out[3];
    ww_v7_pagemap_scan_arg arg = v7_request(pages, out, WW_V7_PAGEMAP_WP_ENGAGE);
    arg.max_pages = 7;
    const std::uint64_t end = arg.start + arg.len;
    for (std::ptrdiff_t filled = 1; filled > 0;) {
        filled = ww_v7_pagemap_scan(0, &arg);
        REQUIRE(filled >= 0);
        if (filled > 0) {
            found.merge(pages_of(pages, std::span{out}.first(static_cast<std::size_t>(filled))));
            arg.start = out[filled - 1].start + out[filled - 1].len * kPage;
            arg.len = end - arg.start;
        }
    }
    return found;
}

PageSet v7_in_one_step(const Pages& pages) {
    return v7_get_and_clear(pages);
}
PageSet today_in_one_step(const Pages& pages) {
    return today_get_and_clear(pages);
}

// As in 2023: what is written between is cleared unseen.
PageSet get_then_clear(const Pages& pages) {
    PageSet found = v7_get(pages);
    REQUIRE(v7_clear(pages) == 0);
    return found;
}

// The reported pages, as they were after they were reported.
class Shadow {
public:
    explicit Shadow(const Pages& pages) : pages_(pages) {}

    void copy(const PageSet& reported) const {
        for (const std::size_t page : reported) {
            auto* from = reinterpret_cast<std::uint64_t*>(pages_.at(page));
            auto* to = reinterpret_cast<std::uint64_t*>(copy_.at(page));
            for (std::size_t word = 0; word < kWords; ++word)
                to[word] = std::atomic_ref{from[word]}.load(std::memory_order_relaxed);
        }
    }
    bool equals_memory() const {
        return std::memcmp(copy_.at(0), pages_.at(0), pages_.bytes()) == 0;
    }

private:
    const Pages& pages_;
    Pages copy_{kPages};
};

int epochs_with_loss(const Pages& pages, Collector collect, int epochs, bool until_first) {
    const Shadow shadow{pages};
    Writer writer{pages};
    int lost = 0;
    for (int epoch = 0; epoch < epochs && !(until_first && lost > 0); ++epoch) {
        writer.start();
        // By stores, not by rounds: on a busy machine the writer may come late.
        const std::uint64_t enough = writer.stores() + kStores;
        while (writer.stores() < enough)
            shadow.copy(collect(pages));
        writer.stop();
        shadow.copy(collect(pages));
        if (!shadow.equals_memory()) {
            ++lost;
            shadow.copy(pages_between(0, kPages));
        }
    }
    return lost;
}

int rounds() {
    return std::getenv("WW_TEST_LONG") != nullptr ? 10'000 : 25;
}

} // namespace

TEST_CASE("get and clear loses no write, in one call and in many, anonymous, shared and huge") {
    for (const Collector collect : {v7_in_one_step, in_small_steps, today_in_one_step}) {
        const Registered anonymous{kPages};
        CHECK(epochs_with_loss(anonymous, collect, rounds(), false) == 0);
        const Registered shared{kPages};
        map_shared(shared, 0, kPages);
        shared.registration().add(shared.at(0), shared.bytes());
        CHECK(epochs_with_loss(shared, collect, rounds(), false) == 0);
        const Registered huge{kPages, kPages * 4096};
        static_cast<void>(::madvise(huge.at(0), huge.bytes(), MADV_HUGEPAGE));
        CHECK(epochs_with_loss(huge, collect, rounds(), false) == 0);
    }
}

TEST_CASE("control: getting and clearing in two calls, as the proposal did inside, loses writes") {
    const Registered pages{kPages};
    CHECK(epochs_with_loss(pages, get_then_clear, 10'000, true) > 0);
}
