// SPDX-License-Identifier: MIT
#pragma once

#include "range.h"

#include <cstdint>

namespace ww {

// What lies in a watched range, as far as back ends treat it differently.
enum class MemoryKind : std::uint8_t {
    anonymous, // private, of no file
};

// A range of one kind: a watch, or a part of one.
struct Watched {
    constexpr Watched() noexcept = default;
    constexpr Watched(Range its_range, MemoryKind its_kind = MemoryKind::anonymous) noexcept
        : range(its_range), kind(its_kind) {}

    Range range;
    MemoryKind kind = MemoryKind::anonymous;

    friend constexpr bool operator==(Watched, Watched) noexcept = default;
};

} // namespace ww
