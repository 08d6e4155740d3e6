// SPDX-License-Identifier: MIT
#include "live/monitor.h"

#include <algorithm>
#include <ctime>

namespace ww::command {

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// A census may not cost more than this part of the time.
constexpr std::uint64_t kCensusShare = 150;

float heat_of(const PageCount& cell) noexcept {
    if (cell.committed == 0)
        return -1;
    return static_cast<float>(static_cast<double>(cell.written) /
                              static_cast<double>(cell.committed));
}

// What was written stays warm for a while, though it be reset at once.
void cool(std::vector<float>& heat, const std::vector<float>& before) noexcept {
    constexpr float kKept = 0.7F;
    constexpr float kCold = 0.0005F;
    for (std::size_t i = 0; i < heat.size(); ++i) {
        const float warm = before[i] * kKept;
        if (heat[i] >= 0 && warm > heat[i] && warm > kCold)
            heat[i] = warm;
    }
}

std::uint64_t read_clock(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * kSecond +
           static_cast<std::uint64_t>(now.tv_nsec);
}

double ratio(double part, double whole) noexcept {
    return whole > 0 ? part / whole : 0;
}

} // namespace

std::uint64_t monotonic_ns() noexcept {
    return read_clock(CLOCK_MONOTONIC);
}

std::uint64_t own_cpu_ns() noexcept {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void Monitor::find_targets(std::uint64_t now_ns) {
    constexpr std::uint64_t kEvery = 3 * kSecond;
    if (found_ns_ != 0 && now_ns - found_ns_ < kEvery)
        return;
    found_ns_ = now_ns;
    for (Target& target : targets_)
        target.look_again();
    if (fixed_)
        return;
    for (const int pid : watching_processes(name_)) {
        if (std::ranges::find(targets_, pid, &Target::pid) != targets_.end())
            continue;
        if (std::optional<Target> target = Target::try_open(pid))
            targets_.push_back(std::move(*target));
    }
}

void Monitor::look(std::size_t parts) {
    const std::uint64_t now = monotonic_ns();
    find_targets(now);
    seconds_ = looked_ns_ != 0 ? static_cast<double>(now - looked_ns_) / 1e9 : 0;
    looked_ns_ = now;
    const std::uint64_t used = own_cpu_ns();
    const bool census = now - census_ns_ >= census_cost_ * kCensusShare;
    rows_.clear();
    now_.clear();
    overview_ = {};
    std::erase_if(targets_, [](const Target& target) { return target.read().empty(); });
    for (const Target& target : targets_)
        look_at(target, parts, census);
    before_.swap(now_);
    if (!census)
        return;
    census_ns_ = now;
    census_cost_ = own_cpu_ns() - used;
}

void Monitor::look_at(const Target& target, std::size_t parts, bool census) {
    QueryCounts total;
    ++overview_.processes;
    const std::size_t first = rows_.size();
    for (const TrackerCounts& tracker : target.read()) {
        total += tracker.total;
        overview_.untabled += tracker.untabled;
        overview_.watches += tracker.watches.size() + tracker.untabled;
        for (const WatchCounts& watch : tracker.watches) {
            WatchRow row;
            row.pid = target.pid();
            row.process = target.name();
            row.watch = watch;
            row.counted = tracker.backend == 1; // others leave no marks in page tables
            take_row(std::move(row), target, parts, census);
        }
    }
    Rates live;
    for (std::size_t i = first; i < rows_.size(); ++i) {
        live.written += rows_[i].rates.written;
        live.queries += rows_[i].rates.queries;
        live.busy += rows_[i].rates.busy;
    }
    const auto before = totals_.try_emplace(target.pid(), total).first;
    Rates rates = rates_since(total, before->second, live.written, false);
    before->second = total;
    if (live.queries * 2 > rates.queries) { // else most watches are gone again
        rates.busy = live.busy;
        rates.ns_per_query = ratio(live.busy * 1e9, live.queries);
    }
    Rates& all = overview_.rates;
    const double time = all.queries * all.ns_per_query + rates.queries * rates.ns_per_query;
    all.queries += rates.queries;
    all.ns_per_query = ratio(time, all.queries);
    all.written += rates.written;
    all.busy += rates.busy;
}

void Monitor::count(WatchRow& row, const Target& target, std::size_t parts, Before& before) {
    const std::optional<Cells> cells =
        before.census.take(target.pagemap(), row.watch.start, row.watch.bytes, parts);
    row.counted = cells.has_value();
    if (!cells)
        return;
    row.pages = cells->total();
    row.heat_start = cells->start();
    for (std::size_t i = 0; i < cells->size(); ++i)
        row.heat.push_back(heat_of((*cells)[i]));
    if (row.heat_start == before.row.heat_start && row.heat.size() == before.row.heat.size())
        cool(row.heat, before.row.heat);
}

void Monitor::take_row(WatchRow row, const Target& target, std::size_t parts, bool census) {
    const Key key{row.pid, row.watch.start, row.watch.bytes};
    const auto found = before_.find(key);
    const bool known = found != before_.end();
    Before before = known ? std::move(found->second) : Before{};
    if (row.counted && (census || before.parts != parts)) {
        count(row, target, parts, before);
    } else {
        row.pages = before.row.pages;
        row.heat = before.row.heat;
        row.heat_start = before.row.heat_start;
    }
    if (known) {
        // Reported and reset, and what more is written now than was before.
        const QueryCounts since = row.watch.counts - before.row.watch.counts;
        const double more = static_cast<double>(row.pages.written) -
                            static_cast<double>(before.row.pages.written);
        const double written = std::max(0.0, static_cast<double>(since.bytes_reset) + more);
        constexpr std::uint64_t kSmall = std::uint64_t{16} << 20;
        row.rates = rates_since(row.watch.counts, before.row.watch.counts,
                                ratio(written, seconds_), row.watch.bytes < kSmall);
    }
    overview_.pages.committed += row.pages.committed;
    overview_.pages.written += row.pages.written;
    now_[key] = {row, parts, before.census};
    rows_.push_back(std::move(row));
}

Rates Monitor::rates_since(const QueryCounts& now, const QueryCounts& before, double written,
                           bool is_small) const {
    // Of many small queries few are timed (counters.h), each for 64: a short while
    // tells little of what they take, all the time since the watch began more.
    constexpr std::uint64_t kEnough = 256;
    constexpr std::uint64_t kAllTimed = 64;
    const QueryCounts since = now - before;
    const bool sampled = since.queries() < kEnough && now.queries() > kAllTimed;
    const auto queries = static_cast<double>(since.queries());
    const double ns = sampled && is_small
                          ? queries * ratio(static_cast<double>(now.query_ns),
                                            static_cast<double>(now.queries()))
                          : static_cast<double>(since.query_ns);
    return {written, ratio(queries, seconds_), ratio(ns, queries), ratio(ns / 1e9, seconds_)};
}

std::optional<Cells> Monitor::map_of(const WatchRow& row, std::size_t parts) const {
    const auto target = std::ranges::find(targets_, row.pid, &Target::pid);
    const auto known = before_.find({row.pid, row.watch.start, row.watch.bytes});
    if (target == targets_.end() || known == before_.end())
        return std::nullopt;
    Census census = known->second.census;
    return census.take(target->pagemap(), row.watch.start, row.watch.bytes, parts);
}

} // namespace ww::command
