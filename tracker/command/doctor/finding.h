// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace ww::command {

enum class State : unsigned char {
    good,
    note, // worth knowing; nothing that tracking needs
    bad,
};

// One line of `writewatch doctor`. All words are for people, but `topic` and
// `state`, which scripts may rely on.
struct Finding {
    std::string topic; // may come several times, as "wine"
    State state = State::good;
    std::string fact;
    std::string proof;  // how it is known
    std::string remedy; // what to do, if anything
};

using Findings = std::vector<Finding>;

// The kernel, what it lets this user do, and the back end.
void examine_kernel(Findings& findings);
// Every Wine that can be found, and what the plugin says to it.
void examine_wines(Findings& findings);
// What to set there for games.
void examine_steam(Findings& findings);

} // namespace ww::command
