// SPDX-License-Identifier: MIT
#pragma once

#include "core.h"
#include "ways.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace rewind_example {

inline constexpr std::size_t kFramesKept = 30;

struct Cost {
    std::string way;
    double keep_us = 0;  // medians
    double frame_us = 0; // of the core's own frame meanwhile: it takes the faults
    double extra_us = 0; // keep, and what the frame takes longer than with nobody keeping
    double bytes_a_frame = 0;
};

// All ways in turns, and nobody keeping (the first); medians over all rounds.
std::vector<Cost> measure(Core& core, const std::vector<std::unique_ptr<Way>>& ways,
                          std::size_t rounds);

// A table; and where `json` is not empty, a file.
void report(const std::vector<Cost>& costs, const std::string& core, const std::string& json);

// The parts that hold memory.
std::vector<ww_range> populated(const std::vector<ww_range>& ranges);

} // namespace rewind_example
