// SPDX-License-Identifier: MIT
#include "tally.h"

#include "../failure.h"
#include "../live/counters_reader.h"

#include <writewatch/writewatch.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

void add(Tally& tally, const TrackerCounts& tracker) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const QueryCounts& total = tracker.total;
    tally.watches += tracker.begun;
    tally.by_scan += tracker.backend == WW_BACKEND_PAGEMAP_SCAN ? 1 : 0;
    tally.queries += total.queries();
    tally.resets += total.resets;
    tally.pages += (total.bytes_seen + total.bytes_reset) / page;
    tally.query_ns += total.query_ns;
    // Queries without reset report the same pages again, but no more at once than
    // there are.
    const std::uint64_t at_once = total.looks != 0 ? total.bytes_seen / page / total.looks : 0;
    tally.first_writes += std::max(total.bytes_reset / page, at_once);
}

std::uint64_t files_in(const fs::path& folder) {
    std::error_code ignored;
    return static_cast<std::uint64_t>(std::ranges::count_if(
        fs::directory_iterator{folder, ignored}, [](const fs::directory_entry& entry) {
            return entry.path().extension() == counters::kSuffix;
        }));
}

// In memory rather than on a disk.
std::string pattern() {
    std::error_code ignored;
    const char* folder = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nullptr;
    const fs::path place = folder != nullptr ? fs::path{folder} : fs::temp_directory_path(ignored);
    return place / "writewatch-run.XXXXXX";
}

} // namespace

CountersFolder::CountersFolder() {
    std::string name = pattern();
    if (::mkdtemp(name.data()) == nullptr)
        throw Failure("no folder for counters can be made at " + name + ": " +
                      std::strerror(errno));
    path_ = name;
}

CountersFolder::~CountersFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Tally CountersFolder::tally() const {
    Tally tally;
    const std::uint64_t files = files_in(path_); // more may come: what was started goes on
    const std::vector<TrackerCounts> trackers = read_counters_in(path_);
    tally.unreadable = files - std::min<std::uint64_t>(files, trackers.size());
    for (const TrackerCounts& tracker : trackers)
        add(tally, tracker);
    return tally;
}

} // namespace ww::command
