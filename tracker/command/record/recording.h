// SPDX-License-Identifier: MIT
// A recording: what was seen of the watches of one or more processes.
#pragma once

#include "live/counters_reader.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ww::command {

// A watch has at most so many parts in a sample, and at least a page a part.
inline constexpr std::size_t kMostCells = 4096;

struct RecordedProcess {
    std::uint64_t pid = 0;
    std::string name;
};

// The same extent of the same process all the time.
struct RecordedWatch {
    std::size_t process = 0; // in Recording::processes
    std::uint64_t start = 0;
    std::uint64_t bytes = 0;
    std::uint64_t page_bytes = 0;
};

// One watch at one look.
struct WatchSample {
    std::size_t watch = 0; // in Recording::watches
    QueryCounts counts;    // since the process began
    std::uint64_t committed = 0;
    std::uint64_t written = 0;
    // The piece of the watch that was in use, or all of it; `from` its start.
    std::uint64_t from = 0;
    std::uint64_t bytes = 0;
    // For each part of the piece: 0 nothing there, 1 clean, up to 255 all written.
    std::vector<std::uint8_t> heat;
};

struct Sample {
    std::uint64_t ns = 0; // since the recording began
    std::vector<WatchSample> watches;
};

struct RecordingCost {
    std::uint64_t cpu_ns = 0; // of the recorder
    std::uint64_t longest_look_ns = 0;
};

struct Recording {
    std::uint64_t began_s = 0; // Unix time
    std::uint64_t interval_ns = 0;
    std::vector<RecordedProcess> processes;
    std::vector<RecordedWatch> watches;
    std::vector<Sample> samples;
    RecordingCost cost;
    // Where and why it ends before its end; "" if it does not.
    std::string cut;

    std::uint64_t duration_ns() const noexcept { return samples.empty() ? 0 : samples.back().ns; }
};

// Of a part with `committed` bytes of which `written` are.
std::uint8_t heat_of(std::uint64_t committed, std::uint64_t written) noexcept;

} // namespace ww::command
