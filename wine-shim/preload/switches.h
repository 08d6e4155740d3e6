// SPDX-License-Identifier: MIT
#pragma once

namespace ww::wine {

// What the user set in the environment, read once, when the plugin is loaded.
//
//     WRITEWATCH=on|off|verify     off: the process is left alone. verify: every
//                                  answer is checked against the contents of
//                                  memory, which costs a microsecond a page.
//     WRITEWATCH_PROGRAMS=LIST     only these programs, or all but those
//                                  (program_choice.h); the others as with off.
//     WRITEWATCH_PROGRAMS_FILE=F   the same, a list in a file; both add up.
//     WRITEWATCH_LOG=1             one line on taking over.
struct Switches {
    bool off = false;
    bool verify = false;
    bool log = false;
    // What cannot be understood: nothing is taken over. Null, or two parts of a
    // sentence.
    const char* wrong = nullptr;
    const char* wrong_how = nullptr;
};

// `program` is what the process runs as its name on the command line, or null.
Switches read_switches(const char* program) noexcept;

} // namespace ww::wine
