// SPDX-License-Identifier: MIT
#include "child.h"

#include "../exit_status.h"
#include "../failure.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ww::command {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kPassedOn{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

constexpr int kNotFound = 127; // as shells have it
constexpr int kNotStarted = 126;

sigset_t awaited_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : kPassedOn)
        ::sigaddset(&set, signal);
    ::sigaddset(&set, SIGCHLD);
    return set;
}

// While it lives, signals are taken by waiting for them.
class BlockedSignals {
public:
    BlockedSignals() : awaited_(awaited_signals()) {
        ::signal(SIGCHLD, SIG_DFL); // ignored, as some start us, it could not be waited for
        ::sigprocmask(SIG_BLOCK, &awaited_, &before_);
    }
    ~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

    const sigset_t& before() const noexcept { return before_; }

    // The next one, or none when the time is up.
    siginfo_t next(Clock::duration patience) const {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
        const timespec time{seconds.count(), std::chrono::nanoseconds{patience - seconds}.count()};
        siginfo_t signal{};
        while (::sigtimedwait(&awaited_, &signal, &time) < 0 && errno == EINTR) {
        }
        return signal;
    }

private:
    sigset_t awaited_;
    sigset_t before_{};
};

void send_to(posix_spawn_file_actions_t& actions, int descriptor, const std::string& file) {
    if (!file.empty())
        ::posix_spawn_file_actions_addopen(&actions, descriptor, file.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
}

pid_t spawn(Child& child, const sigset_t& signals) {
    std::vector<char*> arguments;
    for (std::string& argument : child.command)
        arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    send_to(actions, STDOUT_FILENO, child.output_file);
    send_to(actions, STDERR_FILENO, child.errors_file);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(),
                                     child.environment.pointers().data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT)
        throw Failure(fmt::format("there is no program '{}'", child.command[0]), kNotFound);
    if (error != 0)
        throw Failure(
            fmt::format("'{}' cannot be started: {}", child.command[0], std::strerror(error)),
            kNotStarted);
    return pid;
}

// What the kernel sends, as for Ctrl-C, goes to all in the foreground.
bool is_from_somebody(const siginfo_t& signal) noexcept {
    return signal.si_code == SI_USER || signal.si_code == SI_QUEUE || signal.si_code == SI_TKILL;
}

// True when the child ended.
bool reap(pid_t pid, Ended& ended) {
    rusage usage{};
    if (::wait4(pid, &ended.wait_status, WNOHANG, &usage) != pid)
        return false;
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    ended.processor_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    ended.page_faults = usage.ru_minflt;
    return true;
}

} // namespace

Ended run_child(Child child) {
    // Programs may stay in memory without end: the time is looked at now and then.
    constexpr auto kPatience = std::chrono::milliseconds{200};
    Ended ended;
    const BlockedSignals signals;
    const auto start = Clock::now();
    const pid_t pid = spawn(child, signals.before());
    while (!reap(pid, ended)) {
        const siginfo_t signal = signals.next(kPatience);
        if (signal.si_signo != 0 && signal.si_signo != SIGCHLD && is_from_somebody(signal))
            ::kill(pid, signal.si_signo);
        ended.given_up = child.limit.count() > 0 && Clock::now() - start > child.limit;
        if (ended.given_up)
            ::kill(pid, SIGKILL);
    }
    ended.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return ended;
}

int end_as(int wait_status) {
    if (!WIFSIGNALED(wait_status))
        return shell_status(wait_status);
    std::fflush(stdout);
    const rlimit no_core{0, 0}; // the program's own is the one to look at
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(WTERMSIG(wait_status), SIG_DFL);
    ::raise(WTERMSIG(wait_status));
    return shell_status(wait_status); // not by SIGKILL's kin, but where it is blocked
}

} // namespace ww::command
