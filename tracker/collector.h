// SPDX-License-Identifier: MIT
// A collect: bounded steps of the back end, each handed to the answer before
// the next.
#pragma once

#include "answer.h"
#include "backend.h"
#include "kernel/memory.h"
#include "kernel/pause.h"
#include "memory_kind.h"

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>

namespace ww {

struct Collected {
    std::uintptr_t resume; // all before this address is answered
    kernel::Error error;   // why it ended before the range or the capacity did
    std::size_t bytes = 0; // of what was found
};

// One ioctl holds the process's memory map for its whole walk, which costs what
// it reports: this many pages, some 200 microseconds.
inline constexpr std::size_t kPagesPerStep = 16384;

// On the caller's stack, which may be a small one (6 KiB of what Wine's system
// calls leave). Fewer regions cost more ioctls, many more gain nothing.
inline constexpr std::size_t kRegionsPerStep = 256;

// Two written regions have a clean page between them.
inline std::size_t regions_at_most(Range range) noexcept {
    return std::min(range.bytes() / kernel::page_bytes() / 2 + 1, kRegionsPerStep);
}

// Gives how many bytes that were.
template<class Answer>
std::size_t hand_over(std::span<const kernel::Region> written, Answer& answer) noexcept {
    // Plain answers by way of a copy that nobody else can see: it stays in
    // registers, which saves a nanosecond of the 40 that a region costs.
    constexpr bool kByCopy = std::is_copy_assignable_v<Answer>;
    std::conditional_t<kByCopy, Answer, Answer&> taking = answer;
    std::uint64_t bytes = 0;
    for (const kernel::Region& region : written) {
        taking.take({static_cast<std::uintptr_t>(region.start),
                     static_cast<std::uintptr_t>(region.end)});
        bytes += region.end - region.start;
    }
    if constexpr (kByCopy)
        answer = taking;
    return static_cast<std::size_t>(bytes);
}

// The source is a back end, or answers like one.
template<class Source, class Answer>
Collected collect(Source& source, Watched watched, bool reset, Answer& answer) noexcept {
    std::array<kernel::Region, kRegionsPerStep> room;
    const std::span scratch = std::span{room}.first(
        std::min({regions_at_most(watched.range), answer.region_room(), answer.page_room()}));
    kernel::forget_regions(scratch);
    kernel::Pacer pacer;
    Range rest = watched.range;
    std::size_t bytes = 0;
    while (!rest.empty() && answer.page_room() > 0) {
        pacer.before_scan();
        const StepLimits limits{answer.region_room(), std::min(answer.page_room(), kPagesPerStep)};
        const Step step = source.collect({rest, watched.kind}, reset, limits, scratch);
        if (step.error)
            return {rest.start, step.error, bytes};
        bytes += hand_over(step.written, answer);
        rest.start = step.resume;
    }
    return {rest.start, kernel::Error::none, bytes};
}

} // namespace ww
