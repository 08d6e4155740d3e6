// SPDX-License-Identifier: MIT
// A watch of the mprotect back end that ends between two system calls of a
// collector, or of the handler: all of it is open then, and what is left to the
// program is the program's. Each in a process of its own, which it would end.
#include "in_child.h"
#include "scenario.h"

#include <atomic>
#include <csignal>
#include <functional>
#include <optional>
#include <sys/syscall.h>
#include <thread>
#include <utility>

namespace {

constexpr int kProgramsOwn = -SIGSEGV; // ended by the program's own fault

void wait_for(const std::atomic<bool>& flag) {
    while (!flag)
        std::this_thread::yield();
}

// Of two watches the first has a written page, which a collector closes.
struct Collected : Memory {
    Collected() : Memory(8) {}
    bool begin() {
        if (ww_tracker_create_with(&of_both_, WW_BACKEND_MPROTECT) != 0)
            return false;
        const bool watched =
            ww_watch(of_both_, at(0), kHalf, 0) == 0 && ww_watch(of_both_, at(4), kHalf, 0) == 0;
        byte(1) = 1;
        byte(5) = 1;
        return watched;
    }
    bool unwatch() const { return ww_unwatch(of_both_, at(0), kHalf) == 0; }
    std::ptrdiff_t collect(std::size_t first) const {
        const failing::Inside inside;
        return ww_count_written(of_both_, at(first), kHalf, WW_RESET, 99, nullptr);
    }
    // In front of the next page that is closed.
    template<class Deed>
    static void when_closing(Deed deed) {
        failing::interpose("mprotect", PROT_READ, deed);
    }
    // Ends the process as the program's own fault does.
    int store_where_the_program_may_not() const {
        EXPECT(protect(1, PROT_READ));
        byte(1) = 3;
        return __LINE__;
    }

private:
    static inline const std::size_t kHalf = 4 * kPage;
    ww_tracker* of_both_ = nullptr;
};

// A collector that stands in front of closing a page until it is let go on.
class StoppedCollector {
public:
    StoppedCollector(const Collected& memory, std::size_t first) {
        memory.when_closing([this] {
            stopped_ = true;
            wait_for(go_on_);
        });
        thread_ = std::thread([&memory, first] { memory.collect(first); });
        wait_for(stopped_);
    }
    void end() {
        go_on_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> stopped_{false};
    std::atomic<bool> go_on_{false};
    std::thread thread_;
};

} // namespace

TEST_CASE("ended midway: in front of a collector's closing, the memory is open for good") {
    CHECK(in_child([] {
              Collected memory;
              EXPECT(memory.begin());
              bool ended = false;
              memory.when_closing([&] { ended = memory.unwatch(); });
              EXPECT(memory.collect(0) >= 0);
              EXPECT(ended);
              ::signal(SIGSEGV, SIG_DFL);
              memory.byte(1) = 2;
              return 0;
          }) == 0);
}

TEST_CASE("ended midway: once the collector has ended, too, faults there are the program's own") {
    CHECK(in_child([] {
              Collected memory;
              EXPECT(memory.begin());
              memory.when_closing([&] { memory.unwatch(); });
              EXPECT(memory.collect(0) >= 0);
              return memory.store_where_the_program_may_not();
          }) == kProgramsOwn);
}

TEST_CASE("ended midway: the next collector began meanwhile, and leaves nothing behind either") {
    CHECK(in_child([] {
              Collected memory;
              EXPECT(memory.begin());
              std::optional<StoppedCollector> next;
              memory.when_closing([&] {
                  memory.unwatch();
                  // The first to end is about to take the lock.
                  failing::interpose("syscall", SYS_rt_sigprocmask,
                                     [&] { next.emplace(memory, 4); });
              });
              EXPECT(memory.collect(0) >= 0);
              EXPECT(next);
              next->end();
              return memory.store_where_the_program_may_not();
          }) == kProgramsOwn);
}

TEST_CASE("ended midway: a collector ends between any two steps of unwatch, and nothing is left") {
    bool met = true;
    for (int step = 0; met; ++step) {
        CAPTURE(step);
        constexpr int kNotMet = 2;
        const int status = in_child([&] {
            Collected memory;
            EXPECT(memory.begin());
            StoppedCollector collector{memory, 0};
            int left = step;
            bool ended = false;
            std::function<void()> count = [&] {
                if (left-- > 0)
                    return failing::interpose("syscall", SYS_rt_sigprocmask, count);
                collector.end();
                ended = true;
            };
            count();
            EXPECT(api([&] { return memory.unwatch(); }));
            if (!ended)
                ::_exit(kNotMet);
            return memory.store_where_the_program_may_not();
        });
        met = status != kNotMet;
        CHECK((status == kProgramsOwn || !met));
        CHECK((met || step > 3));
    }
}

// ---- In the handler ---------------------------------------------------------------

namespace {

const Memory* g_memory = nullptr;
struct sigaction g_ours {};
bool g_unwatched = false;
void unwatch_once_and_pass_on(int signal, siginfo_t* info, void* context) {
    if (!std::exchange(g_unwatched, true))
        ww_unwatch(g_memory->tracker(), g_memory->at(0), g_memory->bytes());
    g_ours.sa_sigaction(signal, info, context);
}

} // namespace

TEST_CASE("ended midway: unwatched in front of the handler, watched and closed in it: served") {
    CHECK(in_child([] {
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1;
              EXPECT(memory.collect(WW_RESET) == PageSet{0});
              g_memory = &memory;
              ::sigaction(SIGSEGV, nullptr, &g_ours);
              struct sigaction ours = g_ours;
              ours.sa_sigaction = unwatch_once_and_pass_on;
              ::sigaction(SIGSEGV, &ours, nullptr);
              bool again = false;
              failing::interpose("syscall", SYS_futex, [&] {
                  again = ww_watch(memory.tracker(), memory.at(0), memory.bytes(), 0) == 0 &&
                          memory.collect(WW_RESET).empty();
              });
              {
                  const failing::Inside inside;
                  memory.byte(0) = 7;
              }
              EXPECT(again);
              EXPECT(memory.byte(0) == 7);
              EXPECT(memory.collect(WW_RESET) == PageSet{0});
              return 0;
          }) == 0);
}
