// SPDX-License-Identifier: MIT
// A program as a shell would run it: in the foreground, with our input, and
// with the signals that are meant for it.
#pragma once

#include "../environment.h"

#include <chrono>
#include <string>
#include <vector>

namespace ww::command {

struct Ended {
    int wait_status = 0; // of waitpid(2)
    bool given_up = false;
    double seconds = 0;           // from start to end
    double processor_seconds = 0; // of it and of its children that ended before
    long page_faults = 0;         // of the same
};

struct Child {
    std::vector<std::string> command;
    Environment environment;
    // Where its output and errors go; empty for ours. Appended to.
    std::string output_file;
    std::string errors_file;
    std::chrono::seconds limit{0}; // then it is killed; 0 for none
};

// Starts it and waits until it ended. Signals that somebody sends us meanwhile
// are passed on; those of the terminal reach it anyway. Throws Failure with
// status 127 if there is no such program, and 126 if it cannot be started.
Ended run_child(Child child);

// Ends this process as the program ended, by the same signal if by one.
int end_as(int wait_status);

} // namespace ww::command
