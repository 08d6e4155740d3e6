// SPDX-License-Identifier: MIT
#pragma once

#include <sys/wait.h>

namespace ww::command {

// What waitpid(2) gave, as a shell's $? has it.
constexpr int shell_status(int status) noexcept {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace ww::command
