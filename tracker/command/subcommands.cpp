// SPDX-License-Identifier: MIT
#include "subcommand.h"

namespace ww::command {

namespace {

// In the order in which a newcomer wants them.
constexpr Subcommand kSubcommands[] = {
    {"doctor", "Tells what this machine can do, and what to do where it cannot", set_up_doctor},
    {"run", "Runs a program with write watches, and tells what they cost", set_up_run,
     "[--] PROGRAM [ARGUMENT...]"},
    {"top", "Shows watched memory and what is written to it, live", set_up_top},
    {"record", "Records what is written to watched memory", set_up_record,
     "PID | [--] PROGRAM [ARGUMENT...]"},
    {"report", "Shows a recording: as a page, a picture, a table or text", set_up_report},
    {"document", "Writes the man page, or completion for a shell", set_up_document},
};

} // namespace

std::span<const Subcommand> subcommands() noexcept {
    return kSubcommands;
}

} // namespace ww::command
