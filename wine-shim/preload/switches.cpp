// SPDX-License-Identifier: MIT
#include "switches.h"

#include "program_choice.h"

#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace ww::wine {

namespace {

constexpr std::size_t kListBytes = 16384;

// Unset and empty are the same.
std::string_view variable(const char* name) noexcept {
    const char* value = std::getenv(name);
    return value != nullptr ? std::string_view{value} : std::string_view{};
}

// Adds the list in the file; null, or what is wrong with it.
const char* add_file(ProgramChoice& choice, const char* path) noexcept {
    static char text[kListBytes + 1];
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return " cannot be opened";
    std::size_t length = 0;
    for (;;) {
        const auto got = ::read(file, text + length, sizeof(text) - length);
        if (got <= 0) {
            ::close(file);
            choice.add({text, length});
            return got < 0 ? " cannot be read" : length > kListBytes ? " is too long" : nullptr;
        }
        length += static_cast<std::size_t>(got);
    }
}

void read_mode(Switches& switches) noexcept {
    const std::string_view mode = variable("WRITEWATCH");
    switches.off = mode == "off";
    switches.verify = mode == "verify";
    if (mode.empty() || mode == "on" || switches.off || switches.verify)
        return;
    switches.wrong = "WRITEWATCH";
    switches.wrong_how = " is none of on, off and verify";
}

void read_programs(Switches& switches, const char* program) noexcept {
    ProgramChoice choice{program != nullptr ? program : ""};
    choice.add(variable("WRITEWATCH_PROGRAMS"));
    const char* path = std::getenv("WRITEWATCH_PROGRAMS_FILE");
    if (path != nullptr && *path != '\0') {
        if (const char* how = add_file(choice, path)) {
            switches.wrong = "WRITEWATCH_PROGRAMS_FILE";
            switches.wrong_how = how;
        }
    }
    // What is wrong has to be said, whichever program it is.
    switches.off |= switches.wrong == nullptr && !choice.chosen();
}

} // namespace

Switches read_switches(const char* program) noexcept {
    Switches switches;
    switches.log = variable("WRITEWATCH_LOG") == "1";
    read_mode(switches);
    if (!switches.off)
        read_programs(switches, program);
    return switches;
}

} // namespace ww::wine
