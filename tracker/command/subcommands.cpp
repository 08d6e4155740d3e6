// SPDX-License-Identifier: MIT
#include "subcommand.h"

namespace ww::command {

namespace {

// In the order in which a newcomer wants them.
constexpr Subcommand kSubcommands[] = {
    {"doctor", "Tells what this machine can do, and what to do where it cannot", set_up_doctor},
};

} // namespace

std::span<const Subcommand> subcommands() noexcept {
    return kSubcommands;
}

} // namespace ww::command
