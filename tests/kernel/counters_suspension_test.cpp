// SPDX-License-Identifier: MIT
// Threads that are stopped anywhere in a query, counters on: the rest go on, and
// who reads the counters meanwhile reads nothing that cannot be.
#include "counters_seen.h"
#include "need.h"
#include "pages.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <pthread.h>
#include <thread>

namespace {

using namespace std::chrono_literals;
namespace counters = ww::counters;

constexpr std::size_t kThreads = 2;
constexpr std::size_t kPagesEach = 16;

std::atomic<int> g_stopped{0};
std::atomic<bool> g_hold{false};

// Stops the thread where the signal found it, until it is let go.
void stop_here(int) {
    g_stopped.fetch_add(1);
    while (g_hold.load()) {
        const timespec moment{0, 20'000};
        ::nanosleep(&moment, nullptr);
    }
    g_stopped.fetch_sub(1);
}

class StopSignal {
public:
    StopSignal() {
        struct sigaction action {};
        action.sa_handler = stop_here;
        action.sa_flags = SA_RESTART;
        ::sigaction(SIGUSR1, &action, &before_);
    }
    ~StopSignal() { ::sigaction(SIGUSR1, &before_, nullptr); }
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

private:
    struct sigaction before_ {};
};

// Asks with reset for pages of its own, which it stores to.
class Asker {
public:
    Asker(const Watched& pages, std::size_t first)
        : pages_(pages), first_(first), thread_([this] { run(); }) {}
    ~Asker() { end(); }

    void end() {
        quit_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    void stop() { ::pthread_kill(thread_.native_handle(), SIGUSR1); }
    std::uint64_t queries() const { return queries_; }
    std::uint64_t reported() const { return reported_; }
    std::uint64_t wrong() const { return wrong_; }

private:
    void run() {
        std::vector<void*> out(kPagesEach);
        for (std::size_t round = 0; !quit_; ++round) {
            const std::size_t count = round % kPagesEach;
            for (std::size_t i = 0; i < count; ++i)
                pages_.store(first_ + i);
            const std::ptrdiff_t found =
                ww_collect_pages(pages_.tracker(), pages_.at(first_), kPagesEach * kPage, WW_RESET,
                                 out.data(), out.size(), nullptr);
            wrong_ += found == static_cast<std::ptrdiff_t>(count) ? 0 : 1;
            reported_ += count;
            ++queries_;
        }
    }

    const Watched& pages_;
    std::size_t first_;
    std::atomic<bool> quit_{false};
    std::atomic<std::uint64_t> queries_{0};
    std::atomic<std::uint64_t> reported_{0};
    std::atomic<std::uint64_t> wrong_{0};
    std::thread thread_;
};

// Whatever a check says, nobody stays stopped.
struct LetGo {
    ~LetGo() { g_hold = false; }
};

template<class Condition>
bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(20us);
    }
    return true;
}

} // namespace

TEST_CASE("counters: a thread that is stopped in a query holds nobody up and confuses no reader") {
    const StopSignal stops;
    const Watched pages{kThreads * kPagesEach};
    const Pages other{4};
    const Seen seen;
    const counters::Watch& watch = *seen.watch(pages.at(0));
    Asker askers[kThreads] = {{pages, 0}, {pages, kPagesEach}};
    std::uint64_t before = 0;
    for (std::size_t round = 0; round < 300; ++round) {
        const Asker& going = askers[(round + 1) % kThreads];
        const LetGo in_the_end;
        g_hold = true;
        askers[round % kThreads].stop();
        REQUIRE(comes_true([] { return g_stopped == 1; }));
        const std::uint64_t now = going.queries();
        REQUIRE(comes_true([&] { return going.queries() >= now + 3; }));
        // The set of watches changes meanwhile.
        REQUIRE(ww_watch(pages.tracker(), other.at(0), other.bytes(), 0) == 0);
        CHECK(seen.header().changes % 2 == 0);
        CHECK(seen.live() == 2);
        REQUIRE(ww_unwatch(pages.tracker(), other.at(0), other.bytes()) == 0);
        CHECK(seen.header().changes % 2 == 0);
        CHECK(seen.live() == 1);
        // Those that ended are counted, and at most one more of each thread.
        const std::uint64_t ended = askers[0].queries() + askers[1].queries();
        const std::uint64_t counted = watch.resets;
        CHECK(counted >= ended);
        CHECK(counted >= before);
        before = counted;
        g_hold = false;
        REQUIRE(comes_true([] { return g_stopped == 0; }));
    }
    for (Asker& asker : askers)
        asker.end();
    CHECK(askers[0].wrong() + askers[1].wrong() == 0);
    CHECK(watch.resets == askers[0].queries() + askers[1].queries());
    CHECK(watch.bytes_reset == (askers[0].reported() + askers[1].reported()) * kPage);
    CHECK(watch.looks == 0);
    CHECK(seen.at(counters::kEnded).resets == 0);
}
