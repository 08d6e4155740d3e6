// SPDX-License-Identifier: MIT
#include "kernel/pause.h"

#include "kernel/clock.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Long beside what it costs to ask, short beside what a waiter can be asked to
// bear.
constexpr std::uint64_t kHeldNs = 40'000;

} // namespace

void Pacer::let_others_through() noexcept {
    const std::uint64_t now = now_ns();
    if (now - let_through_ns_ < kHeldNs)
        return;
    let_through_ns_ = now;
    // Refused for every address below the heap, but not before the map was held.
    static_cast<void>(::syscall(SYS_brk, 0));
}

} // namespace ww::kernel
