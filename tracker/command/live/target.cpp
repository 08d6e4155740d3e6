// SPDX-License-Identifier: MIT
#include "live/target.h"

#include "failure.h"
#include "text.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

fs::path folder_of(int pid) {
    return fs::path("/proc") / std::to_string(pid);
}

std::string name_of(int pid) {
    std::string name{trimmed(contents_of(folder_of(pid) / "comm"))};
    // What a terminal would take for a command of its own.
    std::ranges::replace_if(name, [](char c) { return c >= 0 && c < ' '; }, '?');
    return name;
}

bool is_of_a_tracker(std::string_view link) {
    return link.starts_with("/memfd:writewatch") || link.ends_with(counters::kSuffix);
}

// Its own number in the innermost namespace: what it writes down itself.
std::uint32_t own_number(int pid) {
    const std::string status = contents_of(folder_of(pid) / "status");
    const std::string_view numbers = value_of(status, "NSpid:");
    const std::string_view last = numbers.substr(numbers.find_last_of(" \t") + 1);
    auto number = static_cast<std::uint32_t>(pid);
    std::from_chars(last.data(), last.data() + last.size(), number);
    return number;
}

std::vector<Descriptor> open_counters(int pid) {
    std::vector<Descriptor> found;
    const std::uint32_t number = own_number(pid);
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_of(pid) / "fd", error)) {
        std::error_code gone;
        if (!is_of_a_tracker(fs::read_symlink(entry.path(), gone).native()))
            continue;
        Descriptor file{::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
        const std::optional<TrackerCounts> counts =
            file ? read_counters(file.get()) : std::nullopt;
        // A forked child has its parent's descriptors.
        if (counts && counts->pid == number)
            found.push_back(std::move(file));
    }
    return found;
}

[[noreturn]] void fail_to_open(int pid, int error) {
    if (error == ENOENT || error == ESRCH)
        throw Failure(fmt::format("there is no process {}", pid));
    struct stat status {};
    const bool others =
        ::stat(folder_of(pid).c_str(), &status) == 0 && status.st_uid != ::geteuid();
    const bool refused = error == EACCES || error == EPERM;
    if (refused && ::geteuid() == 0)
        throw Failure(fmt::format("process {} may not be looked into, even by root: this container "
                                  "lacks CAP_SYS_PTRACE, or a security module forbids it",
                                  pid));
    if (refused)
        throw Failure(
            others ? fmt::format("process {} belongs to another user (number {}) and may not be "
                                 "looked into: run this as that user, or with sudo",
                                 pid, status.st_uid)
                   : fmt::format("process {} may not be looked into although it is yours, as it has "
                                 "more privileges or hides its memory: run this with sudo",
                                 pid));
    throw Failure(fmt::format("process {} cannot be looked into: {}", pid, std::strerror(error)));
}

} // namespace

Target Target::open(int pid) {
    const fs::path folder = folder_of(pid);
    Descriptor pagemap{::open((folder / "pagemap").c_str(), O_RDONLY | O_CLOEXEC)};
    if (!pagemap)
        fail_to_open(pid, errno);
    std::error_code error;
    static_cast<void>(fs::directory_iterator(folder / "fd", error));
    if (error)
        fail_to_open(pid, error.value());
    Descriptor process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!process)
        fail_to_open(pid, errno);
    Target target{pid, name_of(pid), std::move(process), std::move(pagemap)};
    target.look_again();
    if (target.counters_.empty())
        throw Failure(fmt::format("process {} ({}) watches nothing: no library of writewatch in it "
                                  "has watched memory, or WRITEWATCH_COUNTERS=off is set there",
                                  pid, target.name_));
    return target;
}

std::optional<Target> Target::try_open(int pid) {
    try {
        return open(pid);
    } catch (const Failure&) {
        return std::nullopt;
    }
}

void Target::look_again() {
    counters_ = open_counters(pid_);
    // What was opened belongs to the memory that execve(2) has done away with.
    Descriptor pagemap{::open((folder_of(pid_) / "pagemap").c_str(), O_RDONLY | O_CLOEXEC)};
    if (pagemap)
        pagemap_ = std::move(pagemap);
    name_ = name_of(pid_);
}

bool Target::has_ended() const noexcept {
    pollfd ended{process_.get(), POLLIN, 0};
    return ::poll(&ended, 1, 0) != 0;
}

std::vector<TrackerCounts> Target::read() const {
    std::vector<TrackerCounts> all;
    // A process that ended leaves its counters to who has them open.
    if (has_ended())
        return all;
    for (const Descriptor& file : counters_) {
        if (std::optional<TrackerCounts> counts = read_counters(file.get()))
            all.push_back(std::move(*counts));
    }
    return all;
}

std::vector<int> processes_named(const std::string& name) {
    constexpr std::size_t kKept = 15;
    std::vector<int> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
        const std::string number = entry.path().filename();
        int pid = 0;
        const auto end = std::from_chars(number.data(), number.data() + number.size(), pid).ptr;
        if (end == number.data() + number.size() && pid > 0 &&
            (name.empty() || name_of(pid) == name.substr(0, kKept)))
            found.push_back(pid);
    }
    std::ranges::sort(found);
    return found;
}

std::vector<int> watching_processes(const std::string& name) {
    std::vector<int> found = processes_named(name);
    std::erase_if(found, [](int pid) { return open_counters(pid).empty(); });
    return found;
}

std::optional<int> process_number(const std::string& word) {
    if (word.empty() || word.find_first_not_of("0123456789") != word.npos)
        return std::nullopt;
    int pid = 0;
    if (std::from_chars(word.data(), word.data() + word.size(), pid).ec != std::errc{})
        throw Failure(fmt::format("there is no process {}", word));
    return pid;
}

} // namespace ww::command
