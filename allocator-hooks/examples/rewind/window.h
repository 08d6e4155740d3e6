// SPDX-License-Identifier: MIT
// Plays in a window: arrows, X, Z, Enter and Shift are the buttons, Backspace held
// goes back frame by frame, Escape ends.
#pragma once

#include "core.h"
#include "memory_map.h"
#include "ways.h"

#include <cstddef>

namespace rewind_example {

// Until the window is closed, or `frames` were shown (0: no end). Throws
// std::runtime_error where there is no display, or was no SDL2 to build with.
void play_in_window(Core& core, Way& way, MemoryMap& map, std::size_t frames);

} // namespace rewind_example
