// SPDX-License-Identifier: MIT
#include "kernel/clock.h"

#include <time.h>

namespace ww::kernel {

std::uint64_t now_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace ww::kernel
