// SPDX-License-Identifier: MIT
#pragma once

#include "live/monitor.h"

#include <string>

namespace ww::command {

struct ScreenOptions {
    std::string sort;
    double interval;
    bool blocks;
};

// The live view, until the user quits or what is looked at has ended.
void show_screen(Monitor& monitor, ScreenOptions options);

} // namespace ww::command
