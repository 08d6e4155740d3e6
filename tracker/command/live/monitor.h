// SPDX-License-Identifier: MIT
// Watches as they are now, and what happens in them: two looks compared.
#pragma once

#include "live/page_census.h"
#include "live/target.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace ww::command {

struct Rates {
    double written = 0;     // bytes a second
    double queries = 0;     // a second
    double ns_per_query = 0;
    double busy = 0; // of one processor, in queries: 0 to 1 and more
};

struct WatchRow {
    int pid = 0;
    std::string process;
    WatchCounts watch;
    bool counted = false; // whether the kernel tells of pages
    PageCount pages;
    Rates rates;
    // For each part of what is in use of the watch how much of it was written
    // lately, 0 to 1; less than 0 where nothing is.
    std::vector<float> heat;
    std::uint64_t heat_start = 0;
};

struct Overview {
    std::size_t processes = 0;
    std::size_t watches = 0;
    std::size_t untabled = 0; // of them without a row
    PageCount pages;
    Rates rates;
};

class Monitor {
public:
    // Looks at these, or, without any, at all that there are, found again from
    // time to time.
    explicit Monitor(std::vector<Target> targets) : targets_(std::move(targets)), fixed_(true) {}
    explicit Monitor(std::string name) : name_(std::move(name)) {}

    // Another look. `parts`: as many as WatchRow::heat has at most.
    void look(std::size_t parts);

    const std::vector<WatchRow>& rows() const noexcept { return rows_; }
    const Overview& overview() const noexcept { return overview_; }
    // None is left of those that were asked for.
    bool all_ended() const noexcept { return fixed_ && targets_.empty(); }

    // A closer look at one watch; nullopt if it is gone.
    std::optional<Cells> map_of(const WatchRow& row, std::size_t parts) const;

private:
    using Key = std::tuple<int, std::uint64_t, std::uint64_t>;
    struct Before {
        WatchRow row;
        std::size_t parts = 0; // that were asked for
        Census census;
    };

    void find_targets(std::uint64_t now_ns);
    void look_at(const Target& target, std::size_t parts, bool census);
    void take_row(WatchRow row, const Target& target, std::size_t parts, bool census);
    static void count(WatchRow& row, const Target& target, std::size_t parts, Before& before);
    Rates rates_since(const QueryCounts& now, const QueryCounts& before, double written,
                      bool is_small) const;

    std::vector<Target> targets_;
    bool fixed_ = false;
    std::string name_;
    std::uint64_t found_ns_ = 0;
    std::uint64_t looked_ns_ = 0;
    std::uint64_t census_ns_ = 0;   // when
    std::uint64_t census_cost_ = 0; // of the last one, in ns of processor time
    double seconds_ = 0;            // since the last look
    std::vector<WatchRow> rows_;
    Overview overview_;
    std::map<Key, Before> before_;
    std::map<Key, Before> now_;
    std::map<int, QueryCounts> totals_;
};

// CLOCK_MONOTONIC, as the tracker's.
std::uint64_t monotonic_ns() noexcept;
// Processor time of this process.
std::uint64_t own_cpu_ns() noexcept;

} // namespace ww::command
