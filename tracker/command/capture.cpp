// SPDX-License-Identifier: MIT
#include "capture.h"

#include "exit_status.h"

#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ww::command {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    std::array<int, 2> ends{-1, -1}; // to read from, to write to
    Pipe() {
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            ends = {-1, -1};
    }
    ~Pipe() {
        close(0);
        close(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close(std::size_t end) {
        if (ends[end] >= 0)
            ::close(ends[end]);
        ends[end] = -1;
    }
};

pid_t spawn(const std::vector<std::string>& command, Environment& environment, const Pipe& output,
            const Pipe& errors) {
    std::vector<char*> arguments;
    for (const std::string& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output.ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.ends[1], STDERR_FILENO);
    posix_spawnattr_t attributes; // a group of its own, to be killed with its children
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    pid_t child = -1;
    if (::posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(),
                       environment.pointers().data()) != 0)
        child = -1;
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    return child;
}

// Appends what can be read; closes the pipe at its end.
void take(Pipe& pipe, std::string& text) {
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(pipe.ends[0], buffer.data(), buffer.size());
    if (got > 0)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    else
        pipe.close(0);
}

// False if time was up first.
bool read_both(Pipe& output, Pipe& errors, Captured& captured, Clock::time_point deadline) {
    while (output.ends[0] >= 0 || errors.ends[0] >= 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        std::array<pollfd, 2> polled{{{output.ends[0], POLLIN, 0}, {errors.ends[0], POLLIN, 0}}};
        if (left.count() <= 0 ||
            ::poll(polled.data(), polled.size(), static_cast<int>(left.count())) <= 0)
            return false;
        if (polled[0].revents != 0)
            take(output, captured.output);
        if (polled[1].revents != 0)
            take(errors, captured.errors);
    }
    return true;
}

} // namespace

Captured capture(const std::vector<std::string>& command, Environment environment, int seconds) {
    Captured captured;
    Pipe output;
    Pipe errors;
    const pid_t child = spawn(command, environment, output, errors);
    if (child < 0)
        return captured;
    output.close(1);
    errors.close(1);
    const bool ended =
        read_both(output, errors, captured, Clock::now() + std::chrono::seconds{seconds});
    if (!ended)
        ::kill(-child, SIGKILL);
    int status = 0;
    if (::waitpid(child, &status, 0) == child && ended)
        captured.status = shell_status(status);
    return captured;
}

} // namespace ww::command
