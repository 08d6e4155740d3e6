// SPDX-License-Identifier: MIT
// What stands between this process and the kernel.
#pragma once

#include <string>

namespace ww::command {

struct Sandbox {
    std::string name;      // "Docker"; empty where none is known
    std::string proof;     // the file or variable that tells it
    std::string allow;     // how to let userfaultfd through
    bool filtered = false; // a seccomp filter is on
};

Sandbox find_sandbox();

} // namespace ww::command
