// SPDX-License-Identifier: MIT
#pragma once

namespace ww::wine {

// What the user set in the environment, read once, when the plugin is loaded.
struct Switches {
    bool off = false; // WRITEWATCH=off: leave the process alone
    bool log = false; // WRITEWATCH_LOG=1: say so when taking over
};

Switches read_switches() noexcept;

} // namespace ww::wine
