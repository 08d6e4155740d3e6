// SPDX-License-Identifier: MIT
#include "kernel/pause.h"

#include <time.h>

namespace ww::kernel {

namespace {

constexpr std::uint64_t kPauseNs = 20'000;

std::uint64_t now_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

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
