// SPDX-License-Identifier: MIT
#pragma once

#include "core.h"
#include "ways.h"

#include <cstddef>
#include <string_view>

namespace rewind_example {

struct Length {
    std::size_t frames = 600;
    std::size_t rewind_after = 600;
    std::size_t rewind = 300;
    std::size_t rounds = 9;
};

// The buttons that are held in a frame: the same each time it is played.
unsigned buttons_of(std::size_t frame) noexcept;

// Plays, rewinds frame by frame, plays the same again. Says what it found, behind
// `how`; whether every picture and every state was the same.
bool prove(Core& core, Way& way, const Length& length, std::string_view how = "");

} // namespace rewind_example
