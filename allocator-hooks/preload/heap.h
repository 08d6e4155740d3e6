// SPDX-License-Identifier: MIT
// The reservation that a whole program's heap lives in.
#pragma once

#include <atomic>

namespace ww::hooks {

enum class Begun : int { no, now, done };
extern std::atomic<Begun> begun;

void begin_slowly() noexcept;

// Before the first allocation. Where two threads come first the later one does
// not wait: what it allocates meanwhile lies elsewhere, unwatched.
inline void begin() noexcept {
    if (begun.load(std::memory_order_acquire) == Begun::no) [[unlikely]]
        begin_slowly();
}

} // namespace ww::hooks
