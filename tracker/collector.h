// SPDX-License-Identifier: MIT
// A collect: bounded steps of the back end, each handed to the answer before
// the next.
#pragma once

#include "answer.h"
#include "backend.h"
#include "kernel/pause.h"
#include "memory_kind.h"

#include <algorithm>
#include <array>

namespace ww {

struct Collected {
    std::uintptr_t resume; // all before this address is answered
    kernel::Error error;   // why it ended before the range or the capacity did
};

// One ioctl holds the process's memory map for its whole walk, which costs what
// it reports: this many pages, some 200 microseconds.
inline constexpr std::size_t kPagesPerStep = 16384;

// On the caller's stack, which may be a small one (6 KiB of what Wine's system
// calls leave). Fewer regions cost more ioctls, many more gain nothing.
inline constexpr std::size_t kRegionsPerStep = 256;

// The source is a back end, or answers like one.
template<class Source, class Answer>
Collected collect(Source& source, Watched watched, bool reset, Answer& answer) noexcept {
    std::array<kernel::Region, kRegionsPerStep> scratch;
    kernel::Pacer pacer{kPagesPerStep};
    Range rest = watched.range;
    while (!rest.empty() && answer.page_room() > 0) {
        pacer.before_scan();
        const StepLimits limits{answer.region_room(), std::min(answer.page_room(), kPagesPerStep)};
        const Step step = source.collect({rest, watched.kind}, reset, limits, scratch);
        if (step.error)
            return {rest.start, step.error};
        pacer.after_scan(step.pages);
        for (const kernel::Region& region : step.written)
            answer.take({static_cast<std::uintptr_t>(region.start),
                         static_cast<std::uintptr_t>(region.end)});
        rest.start = step.resume;
    }
    return {rest.start, kernel::Error::none};
}

} // namespace ww
