// SPDX-License-Identifier: MIT
#include "record/family.h"

#include "exit_status.h"
#include "failure.h"
#include "text.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ww::command {

namespace {

void add_children(int pid, std::vector<int>& members) {
    const std::string children =
        contents_of(fmt::format("/proc/{0}/task/{0}/children", pid));
    const char* const end = children.data() + children.size();
    for (const char* at = children.data(); at < end; ++at) {
        int child = 0;
        const auto [next, error] = std::from_chars(at, end, child);
        if (error != std::errc{})
            continue;
        members.push_back(child);
        add_children(child, members);
        at = next;
    }
}

} // namespace

Family::Family(std::vector<std::string> command) {
    // Who loses its parent becomes our child, so that it is still found.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::vector<char*> words;
    for (std::string& word : command)
        words.push_back(word.data());
    words.push_back(nullptr);
    const int error = ::posix_spawnp(&first_, words[0], nullptr, nullptr, words.data(), environ);
    if (error == 0)
        return;
    constexpr int kNotFound = 127;
    constexpr int kNotStarted = 126;
    throw Failure(fmt::format("{} cannot be started: {}", command[0], std::strerror(error)),
                  error == ENOENT ? kNotFound : kNotStarted);
}

std::vector<int> Family::members() const {
    std::vector<int> members;
    add_children(::getpid(), members);
    return members;
}

std::optional<int> Family::status() {
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (ended == first_)
            status_ = shell_status(status);
    }
    return status_;
}

void Family::terminate() const {
    if (!status_)
        ::kill(first_, SIGTERM);
}

} // namespace ww::command
