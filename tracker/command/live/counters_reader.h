// SPDX-License-Identifier: MIT
// What a tracker tells of itself (counters_format.h), read from outside.
#pragma once

#include "../../counters_format.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ww::command {

struct QueryCounts {
    std::uint64_t looks = 0;
    std::uint64_t resets = 0;
    std::uint64_t bytes_seen = 0;
    std::uint64_t bytes_reset = 0;
    std::uint64_t query_ns = 0;

    std::uint64_t queries() const noexcept { return looks + resets; }
    QueryCounts& operator+=(const QueryCounts& other) noexcept;
    QueryCounts operator-(const QueryCounts& earlier) const noexcept;
};

struct WatchCounts {
    std::uint64_t start = 0;
    std::uint64_t bytes = 0;
    std::uint32_t page_bytes = 4096;
    QueryCounts counts;
};

struct TrackerCounts {
    std::uint32_t pid = 0; // as the process itself sees it
    std::uint32_t backend = 0;
    std::uint64_t started_ns = 0;
    std::string program;
    std::uint64_t begun = 0;
    std::uint64_t untabled = 0;
    std::uint64_t repairs = 0;
    std::uint64_t reopened = 0;
    std::uint64_t many = 0;
    QueryCounts total;
    QueryCounts ended; // watches that are gone, and those without a place
    std::vector<WatchCounts> watches; // in ascending order
};

// nullopt if the file is none of a tracker's, or of a version that is not known.
std::optional<TrackerCounts> read_counters(int file);

// All that is in the folder that WRITEWATCH_COUNTERS named.
std::vector<TrackerCounts> read_counters_in(const std::filesystem::path& folder);

} // namespace ww::command
