// SPDX-License-Identifier: MIT
// What has to be started so that a program runs with write watches, or without.
#pragma once

#include "child.h"

#include <filesystem>
#include <string>
#include <vector>

namespace ww::command {

// How writes are found out in a run.
enum class Way : unsigned char {
    writewatch,
    stock, // as it would be without us: the plugin off, our library by mprotect
};

struct Program {
    std::vector<std::string> command;             // what to start: perhaps Wine with the program
    std::filesystem::path wine;                   // its loader, if Wine runs it
    std::vector<std::filesystem::path> libraries; // that are preloaded
};

// A Windows program is run by Wine: `wine`, or the first that is found. Anything
// else is started as it is; the plugin comes along, as it may be what starts
// Wine. `heap`: with the allocator whose memory is watched. Throws Failure.
Program find_program(const std::vector<std::string>& words, const std::string& wine, bool heap);

// Ready to be run.
Child prepare(const Program& program, Way way, const std::filesystem::path& counters_folder);

} // namespace ww::command
