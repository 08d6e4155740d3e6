// SPDX-License-Identifier: MIT
#include "sandbox.h"

#include "../text.h"

#include <cstdlib>
#include <fmt/format.h>

namespace ww::command {

namespace {

constexpr const char* kAllowInContainers =
    "start the container with --device /dev/userfaultfd, or with --security-opt seccomp=FILE "
    "where FILE is its default profile with \"userfaultfd\" added to the names that are allowed";

struct Mark {
    const char* file;
    const char* name;
    const char* allow;
};

// From the inside out: Steam's container may run in a Flatpak.
constexpr Mark kMarks[] = {
    {"/run/pressure-vessel", "Steam's container (pressure-vessel)", ""},
    {"/.flatpak-info", "Flatpak", ""},
    {"/run/.containerenv", "Podman", kAllowInContainers},
    {"/.dockerenv", "Docker", kAllowInContainers},
};

} // namespace

Sandbox find_sandbox() {
    Sandbox sandbox;
    for (const Mark& mark : kMarks) {
        std::error_code ignored;
        if (std::filesystem::exists(mark.file, ignored)) {
            sandbox = {mark.name, mark.file, mark.allow};
            break;
        }
    }
    const char* container = std::getenv("container"); // systemd's convention
    if (sandbox.name.empty() && container != nullptr && *container != '\0')
        sandbox = {container, "$container", ""};
    sandbox.filtered = value_of(contents_of("/proc/self/status"), "Seccomp:") == "2";
    return sandbox;
}

} // namespace ww::command
