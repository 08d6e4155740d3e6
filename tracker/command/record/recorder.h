// SPDX-License-Identifier: MIT
// Writes a recording while it looks.
#pragma once

#include "live/page_census.h"
#include "live/target.h"
#include "record/recording.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <tuple>
#include <vector>

namespace ww::command {

class Recorder {
public:
    // A Failure if the file cannot be written. What is in it stays until there is
    // something to record.
    Recorder(std::filesystem::path file, std::uint64_t interval_ns, std::size_t most_cells);

    // One look at all of them. False: none of them is left.
    bool look(std::vector<Target>& targets);

    // Ends the file. Without a watch there is none, unless there was one.
    void finish();

    std::size_t samples() const noexcept { return samples_; }
    std::size_t watches() const noexcept { return watches_.size(); }
    std::uint64_t duration_ns() const noexcept { return last_ns_; }
    RecordingCost cost() const noexcept;
    std::uint64_t file_bytes() const noexcept { return bytes_; }

private:
    using Extent = std::tuple<std::size_t, std::uint64_t, std::uint64_t>;
    struct Known {
        std::size_t number;
        Census census;
    };

    void begin();
    void write(const std::string& bytes);
    std::size_t process_number(const Target& target);
    std::optional<Cells> count(const TrackerCounts& tracker, const WatchCounts& watch,
                               const Target& target, Census& census) const;
    Known& known(const Target& target, const WatchCounts& watch);

    std::filesystem::path path_;
    bool existed_;
    std::ofstream out_;
    std::uint64_t interval_ns_;
    std::size_t most_cells_;
    std::uint64_t began_ns_;
    std::uint64_t cpu_before_ns_;
    std::uint64_t last_ns_ = 0;
    std::uint64_t longest_ns_ = 0;
    std::uint64_t bytes_ = 0;
    std::size_t samples_ = 0;
    std::map<std::pair<int, std::string>, std::size_t> processes_;
    std::map<Extent, Known> watches_;
};

} // namespace ww::command
