// SPDX-License-Identifier: MIT
// Many threads on one tracker.
#include "pages.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <pthread.h>
#include <thread>

using namespace std::chrono_literals;

TEST_CASE("overlapping collects: each write is taken by exactly one of them") {
    constexpr std::size_t kPages = 5000;
    constexpr std::size_t kCollectors = 4;
    const Watched pages{kPages};
    for (int round = 0; round < 20; ++round) {
        pages.store_all();
        std::vector<std::vector<void*>> got(kCollectors);
        std::vector<std::thread> collectors;
        for (std::vector<void*>& mine : got) {
            collectors.emplace_back([&pages, &mine] {
                mine.resize(kPages);
                const std::ptrdiff_t found =
                    ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET,
                                     mine.data(), kPages, nullptr);
                mine.resize(static_cast<std::size_t>(std::max<std::ptrdiff_t>(found, 0)));
            });
        }
        for (std::thread& collector : collectors)
            collector.join();
        std::vector<int> times(kPages);
        for (const std::vector<void*>& mine : got) {
            CHECK(std::ranges::is_sorted(mine));
            for (const void* page : mine)
                ++times[pages.page_of(page)];
        }
        CHECK(std::ranges::all_of(times, [](int n) { return n == 1; }));
    }
    CHECK(pages.written().empty());
}

TEST_CASE("threads that watch, write, collect and forget do not disturb each other") {
    const TrackerPtr tracker = make_tracker();
    std::atomic<long> wrong{0};
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&, seed] {
            unsigned random = seed * 7919 + 1;
            const auto next = [&] { return (random = random * 1664525 + 1013904223) >> 8; };
            for (int round = 0; round < 500; ++round) {
                const std::size_t count = 1 + next() % 64;
                void* base = ::mmap(nullptr, count * kPage, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (ww_watch(tracker.get(), base, count * kPage, WW_WATCH_ANONYMOUS) != 0)
                    ++wrong;
                const std::size_t written = next() % count;
                static_cast<volatile char*>(base)[written * kPage] = 1;
                void* out[2] = {};
                if (ww_collect_pages(tracker.get(), base, count * kPage, WW_RESET, out, 2,
                                     nullptr) != 1 ||
                    out[0] != static_cast<char*>(base) + written * kPage)
                    ++wrong;
                if (ww_forget(tracker.get(), base, count * kPage) != 0)
                    ++wrong;
                ::munmap(base, count * kPage);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(wrong == 0);
    ww_counters counters;
    ww_tracker_counters(tracker.get(), &counters, sizeof counters);
    CHECK(counters.watches == 0);
    CHECK(counters.repairs == 0);
}

namespace {

// Stops the thread that gets the signal until it may go on, as debuggers and
// SuspendThread do: inside the handler, at whatever instruction it was.
std::atomic<bool> g_hold{false};
std::atomic<bool> g_held{false};

void wait_a_little() {
    ::usleep(20);
}

void hold_here(int) {
    g_held = true;
    while (g_hold)
        wait_a_little();
    g_held = false;
}

// Watches, writes, collects and forgets for ever, counting its rounds. Page by
// page, to spend much of the time in changes of the set of watches.
void work(ww_tracker* tracker, std::atomic<bool>& stop, std::atomic<long>& rounds,
          std::atomic<long>& wrong) {
    const Pages pages{16};
    while (!stop) {
        void* out[16];
        wrong += ww_watch(tracker, pages.at(0), pages.bytes(), 0) != 0;
        pages.store(static_cast<std::size_t>(rounds % 16));
        wrong +=
            ww_collect_pages(tracker, pages.at(0), pages.bytes(), WW_RESET, out, 16, nullptr) != 1;
        for (std::size_t page = 0; page < 16; ++page)
            wrong += ww_forget(tracker, pages.at(page * 5 % 16), kPage) != 0;
        ++rounds;
    }
}

} // namespace

TEST_CASE("a thread stopped at any instruction holds up nobody") {
    struct sigaction action = {};
    struct sigaction before;
    action.sa_handler = hold_here;
    REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);

    const TrackerPtr tracker = make_tracker();
    constexpr std::size_t kThreads = 3;
    std::atomic<bool> stop{false};
    std::atomic<long> wrong{0};
    std::atomic<long> rounds[kThreads] = {};
    std::vector<std::thread> threads;
    for (std::atomic<long>& counter : rounds)
        threads.emplace_back([&] { work(tracker.get(), stop, counter, wrong); });

    bool stuck = false;
    for (std::size_t stops = 0; stops < 500 && !stuck; ++stops) {
        const std::size_t victim = stops % kThreads;
        g_hold = true;
        ::pthread_kill(threads[victim].native_handle(), SIGUSR1);
        while (!g_held)
            wait_a_little();
        for (std::size_t other = 0; other < kThreads; ++other) {
            const long seen = rounds[other];
            const auto deadline = std::chrono::steady_clock::now() + 10s;
            while (other != victim && rounds[other] < seen + 2 && !stuck) {
                wait_a_little();
                stuck = std::chrono::steady_clock::now() > deadline;
            }
        }
        g_hold = false;
        while (g_held)
            wait_a_little();
    }
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    ::sigaction(SIGUSR1, &before, nullptr);
    CHECK_FALSE(stuck);
    CHECK(wrong == 0);
}
