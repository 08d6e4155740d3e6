// SPDX-License-Identifier: MIT
// Plays a sequence of operations on the system and on the model at once, and
// compares what the system answers with what the model expects.
#pragma once

#include "operation.h"
#include "system.h"

#include <cstddef>
#include <optional>
#include <string>

namespace property {

// What was really met, over all sequences.
struct Statistics {
    std::size_t operations = 0;
    std::size_t collects = 0;       // that were answered
    std::size_t pages = 0;          // reported
    std::size_t discarded = 0;      // of them, in runs
    std::size_t unknown = 0;        // the same
    std::size_t beyond_watches = 0; // collects and resets of more than one watch, refused
    std::size_t resumed = 0;        // collects that went on where another stopped
    // Collects over two neighbouring blocks that were reported with reset from
    // end to end, and those of them that found something.
    std::size_t armed_collects = 0;
    std::size_t armed_finds = 0;
    std::size_t supersets = 0; // pages reported that were not written, as declared
    std::size_t repairs = 0;   // collects that found changes without a word
};

// Says what was wrong, and in which operation; nothing if all was right.
std::optional<std::string> play(const Sequence& sequence, System& system, Statistics& statistics);

} // namespace property
