// SPDX-License-Identifier: MIT
#include "targets.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <regex>
#include <span>

namespace bench {

namespace {

struct Target {
    const char* what;
    const char* ours; // names of results, a regular expression; each must end in "/ours"
    const char* peer; // takes the place of "ours"; or nullptr, then `limit` is absolute
    double limit;     // 0: none
    Unit unit = Unit::seconds;
};

// The worst of the results that a row is about counts.
constexpr Target kTargets[] = {
    {"collect, wholly written, 64 MiB and more, / raw",
     "grid/(64MiB|.*GiB)/all/.*/collect/addresses/ours", "raw", 1.05},
    {"the same, as ranges, bitmap or count",
     "grid/(64MiB|.*GiB)/all/.*/collect/(ranges|bitmap|count)/ours", "raw", 1.05},
    {"the same, 1 MiB", "grid/1MiB/all/.*/collect/addresses/ours", "raw", 1.15},
    {"collect, every cell, / wine-10.7", "grid/.*/collect/addresses/ours", "wine-10.7", 1.03},
    {"collect, every cell, / raw", "grid/.*/collect/.*/ours", "raw", 0},
    {"writes and collect, every cell, / mprotect", "grid/.*/frame/addresses/ours", "mprotect", 0},
    {"writes and collect, every cell, / full copy", "grid/.*/frame/addresses/ours", "copy", 0},
    {"half of each block untouched, clean, / wine-10.7", "half_touched/.*/of_each_block/.*/ours",
     "wine-10.7", 1.45},
    {"half of the blocks untouched, clean, / wine-10.7", "half_touched/.*/of_the_blocks/.*/ours",
     "wine-10.7", 0.5},
    {"first touch, / wine-10.7", "first_touch/.*/ours", "wine-10.7", 0.7},
    {"sparse 256 GiB, 64 MiB: watch, / wine-10.7", "sparse/.*/within_64MiB/watch/.*/ours",
     "wine-10.7", 0.005},
    {"    collect", "sparse/.*/within_64MiB/collect/.*/ours", "wine-10.7", 0.005},
    {"    collect again", "sparse/.*/within_64MiB/again/.*/ours", "wine-10.7", 0.005},
    {"    unwatch and unmap", "sparse/.*/within_64MiB/unwatch/.*/ours", "wine-10.7", 0.005},
    {"sparse 256 GiB, scattered: watch, / wine-10.7", "sparse/.*/scattered/watch/.*/ours",
     "wine-10.7", 0.03},
    {"    collect", "sparse/.*/scattered/collect/.*/ours", "wine-10.7", 0.03},
    {"    collect again", "sparse/.*/scattered/again/.*/ours", "wine-10.7", 0.03},
    {"    unwatch and unmap", "sparse/.*/scattered/unwatch/.*/ours", "wine-10.7", 0.03},
    {"page tables by watching 256 GiB", "page_tables/.*/ours", nullptr, 1e6, Unit::bytes},
    {"mmap+munmap beside collects, p99, all written, / raw", "pauses/.*/all/p99/.*/ours", "raw",
     0.2},
    {"    1 % written", "pauses/.*/1pct/p99/.*/ours", "raw", 0.4},
    {"    clean", "pauses/.*/none/p99/.*/ours", "raw", 0.8},
    {"    longest in a collect, every cell", "pauses/.*/longest/.*/ours", "raw", 0},
    {"any written, 1 GiB, all written", "any_written/.*/ours", nullptr, 1e-6},
    {"1,000 small watches in one call, / one ioctl each", "small_watches/.*/ours", "raw", 0.5},
    {"frames of 500 hot pages and 20 others, / off", "hot_frames/500\\+20/cost/ours", "off", 0.3},
    {"    faults in a frame", "hot_frames/500\\+20/faults/ours", nullptr, 20, Unit::count},
    {"    10 hot and 20 others, / off", "hot_frames/10\\+20/cost/ours", "off", 1.05},
    {"    500 hot and 200 others, / off", "hot_frames/500\\+200/cost/ours", "off", 1.05},
    {"an address of a page, dense", "expansion/all/.*/ours", nullptr, 1e-9},
    {"    every second page", "expansion/every2nd/.*/ours", nullptr, 2.2e-9},
    {"lookup of what is not watched, 1 thread", "lookups/.*/1thread/ours", nullptr, 20e-9},
    {"    8 threads", "lookups/.*/8threads/ours", nullptr, 20e-9},
};

std::string text(double value, Unit unit) {
    struct Step {
        double size;
        const char* name;
    };
    constexpr std::array<Step, 4> kTimes{{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
    constexpr std::array<Step, 3> kSizes{{{1e6, "MB"}, {1e3, "kB"}, {1, "B"}}};
    constexpr std::array<Step, 1> kNumbers{{{1, ""}}};
    const std::span<const Step> steps = unit == Unit::seconds ? std::span<const Step>{kTimes}
                                        : unit == Unit::bytes ? std::span<const Step>{kSizes}
                                                              : std::span<const Step>{kNumbers};
    const auto fits =
        std::ranges::find_if(steps, [&](const Step& s) { return value >= 0.9995 * s.size; });
    const Step& step = fits == steps.end() ? steps.back() : *fits;
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.3g %s", value / step.size, step.name);
    return buffer.data();
}

struct Row {
    std::string cell; // the worst
    double ours = 0;
    double peer = 0;
    double measure = -1; // what the limit is about
    int cells = 0;
    int missed = 0;
};

// "a/b/ours" and "raw" are "a/b/raw".
std::optional<double> value_of_peer(const Medians& medians, const std::string& ours,
                                    const char* peer) {
    const auto found = medians.find(ours.substr(0, ours.size() - 4) + peer);
    return found == medians.end() ? std::nullopt : std::optional{found->second};
}

Row row_of(const Target& target, const Medians& medians) {
    const std::regex about{target.ours};
    Row row;
    for (const auto& [name, ours] : medians) {
        if (!std::regex_match(name, about))
            continue;
        double peer = 1;
        if (target.peer != nullptr) {
            const std::optional<double> value = value_of_peer(medians, name, target.peer);
            if (!value || *value <= 0)
                continue;
            peer = *value;
        }
        ++row.cells;
        row.missed += target.limit > 0 && ours / peer > target.limit ? 1 : 0;
        if (ours / peer > row.measure)
            row = {name, ours, peer, ours / peer, row.cells, row.missed};
    }
    return row;
}

std::string verdict(const Target& target, const Row& row) {
    if (target.limit <= 0)
        return "-";
    if (row.missed == 0)
        return "holds";
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "MISSES %d of %d", row.missed, row.cells);
    return row.cells == 1 ? "MISSES" : buffer.data();
}

void print(const Target& target, const Row& row) {
    const bool relative = target.peer != nullptr;
    std::array<char, 32> ratio{};
    std::array<char, 32> limit{};
    std::snprintf(ratio.data(), ratio.size(), "%.3g", row.measure);
    std::snprintf(limit.data(), limit.size(), "<= %.3g", target.limit);
    const std::string bound = target.limit <= 0 ? ""
                              : relative        ? limit.data()
                                                : "<= " + text(target.limit, target.unit);
    std::printf("%-53s %9s %9s %7s  %-9s %-14s %s\n", target.what,
                text(row.ours, target.unit).c_str(),
                relative ? text(row.peer, target.unit).c_str() : "", relative ? ratio.data() : "",
                bound.c_str(), verdict(target, row).c_str(), row.cells > 1 ? row.cell.c_str() : "");
}

} // namespace

void print_targets(const Medians& medians) {
    std::printf("%-53s %9s %9s %7s  %-9s %-14s %s\n", "what, / compared with", "ours", "peer",
                "ratio", "target", "verdict", "worst of several");
    for (const Target& target : kTargets) {
        const Row row = row_of(target, medians);
        if (row.cells > 0)
            print(target, row);
    }
}

} // namespace bench
