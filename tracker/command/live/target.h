// SPDX-License-Identifier: MIT
// A process with watches, looked at from outside: never stopped, nothing of it
// changed. Needs the right to read it, as ptrace(2) has it.
#pragma once

#include "live/counters_reader.h"
#include "live/descriptor.h"

#include <optional>
#include <string>
#include <vector>

namespace ww::command {

class Target {
public:
    // A Failure says why not: no such process, not permitted, nothing watched.
    static Target open(int pid);

    // nullopt if it is not there, may not be looked into, or watches nothing.
    static std::optional<Target> try_open(int pid);

    int pid() const noexcept { return pid_; }
    const std::string& name() const noexcept { return name_; }
    int pagemap() const noexcept { return pagemap_.get(); }

    bool has_ended() const noexcept;

    // One for each of its trackers; empty when it has ended.
    std::vector<TrackerCounts> read() const;

    // Finds trackers that began since, also those of another program that it runs
    // by now.
    void look_again();

private:
    Target(int pid, std::string name, Descriptor process, Descriptor pagemap)
        : pid_(pid), name_(std::move(name)), process_(std::move(process)),
          pagemap_(std::move(pagemap)) {}

    int pid_;
    std::string name_;
    Descriptor process_; // a pidfd
    Descriptor pagemap_;
    std::vector<Descriptor> counters_;
};

// All processes that watch something and may be looked into; with a name only
// those whose it is.
std::vector<int> watching_processes(const std::string& name = "");

// All with that name, as ps(1) has it: the kernel keeps 15 bytes.
std::vector<int> processes_named(const std::string& name);

// nullopt if the word is not a number; a Failure if no process can have it.
std::optional<int> process_number(const std::string& word);

} // namespace ww::command
