// SPDX-License-Identifier: MIT
// The environment of a program to be started: ours, with changes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ww::command {

class Environment {
public:
    Environment(); // ours

    void set(const std::string& name, const std::string& value) { variables_[name] = value; }
    void unset(const std::string& name) { variables_.erase(name); }
    std::string get(const std::string& name) const; // "" where it is not set

    // Adds a library to LD_PRELOAD, behind those that are there. A path that
    // LD_PRELOAD would split goes by way of LD_LIBRARY_PATH.
    void preload(const std::filesystem::path& library);

    // As execve(2) wants them; valid until the next change.
    std::vector<char*> pointers();

private:
    std::map<std::string, std::string> variables_;
    std::vector<std::string> lines_;
};

} // namespace ww::command
