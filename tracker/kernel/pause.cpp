// SPDX-License-Identifier: MIT
#include "kernel/pause.h"

#include "kernel/clock.h"

#include <sys/mman.h>

namespace ww::kernel {

namespace {

// Long beside what it costs to ask, short beside what a waiter can be asked to
// bear.
constexpr std::uint64_t kHeldNs = 40'000;

// Whole pages, whatever their size; never touched, so no memory.
constexpr std::size_t kPlaceBytes = 64 * 1024;
alignas(kPlaceBytes) char place[kPlaceBytes];

} // namespace

void Pacer::let_others_through() noexcept {
    const std::uint64_t now = now_ns();
    if (now - let_through_ns_ < kHeldNs)
        return;
    let_through_ns_ = now;
    // As it is already. Whether it succeeds does not matter.
    static_cast<void>(::mprotect(place, kPlaceBytes, PROT_READ | PROT_WRITE));
}

} // namespace ww::kernel
