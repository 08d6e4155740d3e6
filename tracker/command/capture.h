// SPDX-License-Identifier: MIT
#pragma once

#include "environment.h"

#include <string>
#include <vector>

namespace ww::command {

struct Captured {
    int status = -1; // as a shell has it; -1 if it did not start or end in time
    std::string output;
    std::string errors;
};

// Runs a program without input, and waits until both its outputs are closed, or
// for so many seconds: then it is killed.
Captured capture(const std::vector<std::string>& command, Environment environment, int seconds);

} // namespace ww::command
