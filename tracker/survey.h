// SPDX-License-Identifier: MIT
// One look over several ranges that lie close together: which of them need no
// further question. Pure; the kernel says what there is.
#pragma once

#include "memory_kind.h"
#include "range.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ww {

class Survey {
public:
    // One bit for each in an answer.
    static constexpr std::size_t kMostParts = 64;

    // Parts in ascending order, that stay where they are.
    explicit Survey(std::span<const Watched> parts) noexcept;

    // All of them, and what lies between.
    Range span() const noexcept { return {parts_.front().range.start, parts_.back().range.end}; }

    // What is tracked there: called in ascending order.
    void found(Range tracked, bool written) noexcept;

    std::uint64_t written_parts() const noexcept { return written_; }
    // A bit for each part of which not all is tracked, or some was written.
    std::uint64_t open_parts() const noexcept;

private:
    std::span<const Watched> parts_;
    std::size_t next_ = 0; // parts in front of it are done with
    std::uint64_t written_ = 0;
    std::array<std::size_t, kMostParts> untracked_; // bytes
};

} // namespace ww
