// SPDX-License-Identifier: MIT
// What the trackers of all processes of a run counted.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ww::command {

struct Tally {
    std::uint64_t watches = 0; // that ever began
    std::uint64_t queries = 0;
    std::uint64_t resets = 0; // queries with reset
    std::uint64_t pages = 0;  // reported, with reset or without
    // Writes to pages that were clean, as far as the answers tell: each would cost
    // a signal where pages are protected by mprotect. At least so many.
    std::uint64_t first_writes = 0;
    std::uint64_t query_ns = 0;
    std::uint64_t by_scan = 0;    // trackers that the kernel's page tables answer
    std::uint64_t unreadable = 0; // those of another version
};

// A folder that the libraries write their counters to, one file for each
// tracker: theirs outlive the processes. It goes away with this.
class CountersFolder {
public:
    CountersFolder();
    ~CountersFolder();
    CountersFolder(const CountersFolder&) = delete;
    CountersFolder& operator=(const CountersFolder&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }
    // Over all files that are there now.
    Tally tally() const;

private:
    std::filesystem::path path_;
};

} // namespace ww::command
