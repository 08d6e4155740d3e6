// SPDX-License-Identifier: MIT
// Reports for a terminal and for scripts.
#include "live/format.h"
#include "report/heat_map.h"
#include "report/writers.h"

#include <array>
#include <ctime>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>

namespace ww::command {

namespace {

double seconds(std::uint64_t ns) {
    return static_cast<double>(ns) / 1e9;
}

QueryCounts counts_of(const Recording& recording, std::size_t watch) {
    QueryCounts first;
    QueryCounts last;
    bool known = false;
    for (const Sample& sample : recording.samples) {
        for (const WatchSample& seen : sample.watches) {
            if (seen.watch != watch)
                continue;
            if (!known)
                first = seen.counts;
            known = true;
            last = seen.counts;
        }
    }
    return last - first;
}

// A quote or a comma in a name must not begin another field.
std::string csv_field(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? std::string{"\"\""} : std::string{c};
    return quoted + '"';
}

} // namespace

std::string title_of(const Recording& recording, std::size_t watch) {
    const RecordedWatch& its = recording.watches[watch];
    const RecordedProcess& process = recording.processes[its.process];
    return fmt::format("{} ({}) at {:x}, {}", process.name, process.pid, its.start,
                       short_bytes(static_cast<double>(its.bytes)));
}

std::string headline(const Recording& recording) {
    const std::size_t watches = recording.watches.size();
    const auto began = static_cast<std::time_t>(recording.began_s);
    std::tm utc{};
    std::array<char, 64> when{};
    if (::gmtime_r(&began, &utc) == nullptr ||
        std::strftime(when.data(), when.size(), "%Y-%m-%d %H:%M UTC", &utc) == 0)
        when = {"an unknown day"};
    return fmt::format("{}: {} look{} at {} watch{} in {:.1f} s, taking {} of a core",
                       when.data(), recording.samples.size(),
                       recording.samples.size() == 1 ? "" : "s", watches, watches == 1 ? "" : "es",
                       seconds(recording.duration_ns()),
                       short_percent(recording.duration_ns() != 0
                                         ? static_cast<double>(recording.cost.cpu_ns) /
                                               static_cast<double>(recording.duration_ns())
                                         : 0));
}

std::string as_text(const Recording& recording, bool blocks) {
    constexpr std::size_t kColumns = 64;
    constexpr std::size_t kRowsOfAWatch = 12;
    const HeatMap map{recording, std::min(kColumns, recording.samples.size()),
                      kRowsOfAWatch * recording.watches.size()};
    std::string text = headline(recording) + "\n";
    for (const HeatMap::Band& band : map.bands()) {
        const QueryCounts counts = counts_of(recording, band.watch);
        const RecordedWatch& watch = recording.watches[band.watch];
        text += fmt::format("\n{}: {} quer{}, {} reported, {} in queries\n",
                            title_of(recording, band.watch), counts.queries(),
                            counts.queries() == 1 ? "y" : "ies",
                            short_bytes(static_cast<double>(counts.bytes_seen + counts.bytes_reset)),
                            short_time(static_cast<double>(counts.query_ns)));
        for (std::size_t row = 0; row < band.rows; ++row) {
            const std::uint64_t offset = band.piece.from + band.piece.bytes / band.rows * row;
            text += fmt::format("{:>12x} ", watch.start + offset / watch.page_bytes * watch.page_bytes);
            for (std::size_t column = 0; column < map.columns(); ++column)
                text += heat_mark(as_share(map.at(band.first_row + row, column)), blocks);
            text += '\n';
        }
    }
    text += fmt::format("\n{:>12} 0 s{:>{}}\n", "time",
                        fmt::format("{:.1f} s", seconds(recording.duration_ns())),
                        map.columns() > 3 ? map.columns() - 3 : 1);
    text += fmt::format("{:>12} '{}' nothing there, {} clean, {}{}{}{} from little to all written\n",
                        "", heat_mark(-1, blocks), heat_mark(0, blocks), heat_mark(0.01F, blocks),
                        heat_mark(0.1F, blocks), heat_mark(0.5F, blocks), heat_mark(1, blocks));
    return text;
}

std::string as_csv(const Recording& recording) {
    std::string text = "seconds,pid,program,start,bytes,committed,written,looks,resets,"
                       "bytes_seen,bytes_reset,query_ns\n";
    for (const Sample& sample : recording.samples) {
        for (const WatchSample& seen : sample.watches) {
            const RecordedWatch& watch = recording.watches[seen.watch];
            const RecordedProcess& process = recording.processes[watch.process];
            fmt::format_to(std::back_inserter(text), "{:.6f},{},{},0x{:x},{},{},{},{},{},{},{},{}\n",
                           seconds(sample.ns), process.pid, csv_field(process.name), watch.start,
                           watch.bytes, seen.committed, seen.written, seen.counts.looks,
                           seen.counts.resets, seen.counts.bytes_seen, seen.counts.bytes_reset,
                           seen.counts.query_ns);
        }
    }
    return text;
}

std::string as_json(const Recording& recording) {
    using nlohmann::ordered_json;
    ordered_json processes = ordered_json::array();
    for (const RecordedProcess& process : recording.processes)
        processes.push_back({{"pid", process.pid}, {"name", process.name}});
    ordered_json watches = ordered_json::array();
    for (const RecordedWatch& watch : recording.watches)
        watches.push_back({{"process", watch.process},
                           {"start", fmt::format("0x{:x}", watch.start)},
                           {"bytes", watch.bytes},
                           {"page_bytes", watch.page_bytes}});
    ordered_json samples = ordered_json::array();
    for (const Sample& sample : recording.samples) {
        ordered_json seen = ordered_json::array();
        for (const WatchSample& one : sample.watches)
            seen.push_back({{"watch", one.watch},
                            {"looks", one.counts.looks},
                            {"resets", one.counts.resets},
                            {"bytes_seen", one.counts.bytes_seen},
                            {"bytes_reset", one.counts.bytes_reset},
                            {"query_ns", one.counts.query_ns},
                            {"committed", one.committed},
                            {"written", one.written},
                            {"heat_from", one.from},
                            {"heat_bytes", one.bytes},
                            {"heat", one.heat}});
        samples.push_back({{"seconds", seconds(sample.ns)}, {"watches", std::move(seen)}});
    }
    const ordered_json all{{"began", recording.began_s},
                           {"interval_seconds", seconds(recording.interval_ns)},
                           {"cut", recording.cut},
                           {"recorder_cpu_seconds", seconds(recording.cost.cpu_ns)},
                           {"processes", std::move(processes)},
                           {"watches", std::move(watches)},
                           {"samples", std::move(samples)}};
    // Names of programs may be anything.
    return all.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

} // namespace ww::command
