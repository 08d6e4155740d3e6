// SPDX-License-Identifier: MIT
// A program that was started here, and all that it starts.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace ww::command {

class Family {
public:
    // A Failure with the status that shells give if it cannot be started.
    explicit Family(std::vector<std::string> command);
    ~Family() = default;
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;

    // Those that live, the first one first.
    std::vector<int> members() const;

    // As a shell has it, when the first has ended.
    std::optional<int> status();
    void terminate() const;

private:
    pid_t first_ = -1;
    std::optional<int> status_;
};

} // namespace ww::command
