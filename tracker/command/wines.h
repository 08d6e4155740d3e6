// SPDX-License-Identifier: MIT
// Every Wine on this machine that can be found without searching the disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ww::command {

struct Wine {
    std::string owner; // "system", "Steam", "Lutris" ...
    std::string name;  // of its folder, as "Proton 9.0"; empty for the system's
    std::filesystem::path loader;
};

std::vector<Wine> find_wines();

// The user's Steam, each with where it is installed; data folders, existing.
struct Steam {
    std::string kind; // "", "Flatpak", "Snap"
    std::filesystem::path folder;
};
std::vector<Steam> find_steams();

std::filesystem::path home();

} // namespace ww::command
