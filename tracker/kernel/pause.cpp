// SPDX-License-Identifier: MIT
#include "kernel/pause.h"

#include "kernel/clock.h"

#include <algorithm>
#include <atomic>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Long beside what it costs to ask, short beside what a waiter can be asked to
// bear.
constexpr std::uint64_t kHeldNs = 40'000;
// A thread that sleeps needs 2 to 20 microseconds until it runs, the more in a
// virtual machine.
constexpr std::uint64_t kGivenNs = 40'000;
constexpr std::uint64_t kBetweenLooksNs = 4'000;

// What it takes to ask for the map when nobody else wants it. It does not grow
// old: beside a thread that never stops to map, every asking is slow.
constinit std::atomic<std::uint64_t> fastest_ns{UINT64_MAX};

// Asks for the map as a writer, for a change that changes nothing: refused for
// every address below the heap, but not before the map was held. Where others
// wait for it, releasing it means to look who is next, which takes twice as long.
bool others_wait() noexcept {
    const std::uint64_t start = now_ns();
    static_cast<void>(::syscall(SYS_brk, 0));
    const std::uint64_t taken = now_ns() - start;
    const std::uint64_t fastest = std::min(taken, fastest_ns.load(std::memory_order_relaxed));
    fastest_ns.store(fastest, std::memory_order_relaxed);
    return 2 * taken > 3 * fastest;
}

void stay_away(std::uint64_t ns) noexcept {
    for (const std::uint64_t end = now_ns() + ns; now_ns() < end;)
        continue;
}

} // namespace

void Pacer::let_others_through() noexcept {
    const std::uint64_t now = now_ns();
    if (now - let_through_ns_ < kHeldNs)
        return;
    // Slow twice in a row is no accident.
    if (others_wait() && others_wait()) {
        ::sched_yield(); // the waiter may have been woken on this processor
        do
            stay_away(kBetweenLooksNs);
        while (others_wait() && now_ns() - now < kGivenNs);
    }
    let_through_ns_ = now_ns();
}

} // namespace ww::kernel
