// SPDX-License-Identifier: MIT
// Both ways to run a program, side by side, for people to paste somewhere.
#pragma once

#include "program.h"
#include "tally.h"

#include <string>
#include <vector>

namespace ww::command {

struct Round {
    Ended ended;
    Tally tally;
};

struct Comparison {
    std::string program; // as it was given
    std::string wine;    // its version; empty without
    std::vector<Round> stock;
    std::vector<Round> ours;
};

std::string card_of(const Comparison& comparison);

// One line about one run.
std::string summary_of(const Tally& tally, const Ended& ended);

} // namespace ww::command
