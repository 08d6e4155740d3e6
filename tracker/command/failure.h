// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace ww::command {

// Exit statuses; a subcommand that passes on a program's says so in its help.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1; // or: what was asked about is not so
inline constexpr int kUsage = 2;  // the command line cannot be understood

// Ends the command. what() is a sentence for the user, without a full stop: what
// was wrong, and what helps. main() prints it.
class Failure : public std::runtime_error {
public:
    explicit Failure(const std::string& sentence, int status = kFailed)
        : std::runtime_error(sentence), status_(status) {}
    int status() const noexcept { return status_; }

private:
    int status_;
};

} // namespace ww::command
