// SPDX-License-Identifier: MIT
#include "kernel/pause.h"

#include "kernel/clock.h"

namespace ww::kernel {

namespace {

constexpr std::uint64_t kPauseNs = 20'000;

} // namespace

// Spinning: a sleep of 20 microseconds takes 70 (timer slack).
void Pacer::before_scan() noexcept {
    if (pages_ < limit_)
        return;
    while (now_ns() - ended_ns_ < kPauseNs) {
    }
    pages_ = 0;
}

void Pacer::after_scan(std::size_t pages) noexcept {
    pages_ += pages;
    if (pages_ >= limit_)
        ended_ns_ = now_ns();
}

} // namespace ww::kernel
