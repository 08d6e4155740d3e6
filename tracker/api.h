// SPDX-License-Identifier: MIT
// What the C functions have in common: handles, and checks of arguments.
#pragma once

#include "kernel/memory.h"
#include "range.h"
#include "tracker.h"
#include "writewatch/writewatch.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ww {

inline Tracker* impl(ww_tracker* tracker) noexcept {
    return reinterpret_cast<Tracker*>(tracker);
}
inline const Tracker* impl(const ww_tracker* tracker) noexcept {
    return reinterpret_cast<const Tracker*>(tracker);
}

inline Range range_of(const void* base, std::size_t bytes) noexcept {
    const auto start = reinterpret_cast<std::uintptr_t>(base);
    return {start, start + bytes};
}

// What every call on a range asks first.
inline kernel::Error check(const Tracker& tracker, const void* base, std::size_t bytes,
                           unsigned flags = 0, unsigned known_flags = 0) noexcept {
    if (tracker.in_child())
        return kernel::Error::forked;
    const bool valid =
        is_valid(reinterpret_cast<std::uintptr_t>(base), bytes, kernel::page_bytes());
    return valid && (flags & ~known_flags) == 0 ? kernel::Error::none : kernel::Error::invalid;
}

// How a collect ends for its caller: with the count if there is one, so that
// nothing that was found is lost by a later failure.
template<class Answer>
std::ptrdiff_t outcome(Collected done, const Answer& answer, void** resume) noexcept {
    if (done.error && answer.count() == 0)
        return -done.error.code();
    if (resume != nullptr)
        *resume = reinterpret_cast<void*>(done.resume);
    return static_cast<std::ptrdiff_t>(answer.count());
}

// A struct that may grow in later versions, for a caller who knows `bytes` of it.
template<class Known>
void give(const Known& known, Known* given, std::size_t bytes) noexcept {
    std::memset(given, 0, bytes);
    std::memcpy(given, &known, std::min(bytes, sizeof known));
}

} // namespace ww
