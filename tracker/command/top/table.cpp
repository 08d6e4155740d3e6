// SPDX-License-Identifier: MIT
#include "top/table.h"

#include "live/format.h"

#include <algorithm>
#include <fmt/format.h>

namespace ww::command {

namespace {

double number_of(const WatchRow& row, std::string_view key) {
    if (key == "size")
        return static_cast<double>(row.watch.bytes);
    if (key == "committed")
        return static_cast<double>(row.pages.committed);
    if (key == "written")
        return static_cast<double>(row.pages.written);
    if (key == "rate")
        return row.rates.written;
    if (key == "queries")
        return row.rates.queries;
    return row.rates.busy;
}

std::string bytes_or_dash(const WatchRow& row, std::uint64_t bytes) {
    return row.counted ? short_bytes(static_cast<double>(bytes)) : "-";
}

} // namespace

std::vector<WatchRow> sorted(std::vector<WatchRow> rows, std::string_view key) {
    const auto in_order = [](const WatchRow& a, const WatchRow& b) {
        return std::tie(a.pid, a.watch.start) < std::tie(b.pid, b.watch.start);
    };
    const auto larger = [key](const WatchRow& a, const WatchRow& b) {
        return number_of(a, key) > number_of(b, key);
    };
    std::ranges::sort(rows, in_order);
    if (key != "process")
        std::ranges::stable_sort(rows, larger);
    return rows;
}

std::string table_head() {
    return fmt::format("{:>7} {:<15} {:>12} {:>6} {:>9} {:>7} {:>9} {:>9} {:>6} {:>5} ", "PID",
                       "PROGRAM", "ADDRESS", "SIZE", "COMMITTED", "WRITTEN", "WRITTEN/s",
                       "QUERIES/s", "COST", "CPU");
}

std::string table_row(const WatchRow& row) {
    return fmt::format("{:>7} {:<15.15} {:>12x} {:>6} {:>9} {:>7} {:>9} {:>9} {:>6} {:>5} ",
                       row.pid, row.process, row.watch.start,
                       short_bytes(static_cast<double>(row.watch.bytes)),
                       bytes_or_dash(row, row.pages.committed),
                       bytes_or_dash(row, row.pages.written), short_bytes(row.rates.written),
                       short_number(row.rates.queries), short_time(row.rates.ns_per_query),
                       short_percent(row.rates.busy));
}

std::string summary(const Overview& overview) {
    std::string text = fmt::format(
        "{} process{}, {} watch{}: {} written of {}, {}/s; {} queries/s, {} each, {} of a core",
        overview.processes, overview.processes == 1 ? "" : "es", overview.watches,
        overview.watches == 1 ? "" : "es",
        short_bytes(static_cast<double>(overview.pages.written)),
        short_bytes(static_cast<double>(overview.pages.committed)),
        short_bytes(overview.rates.written), short_number(overview.rates.queries),
        short_time(overview.rates.ns_per_query), short_percent(overview.rates.busy));
    if (overview.untabled != 0)
        text += fmt::format(" ({} watches not shown)", overview.untabled);
    return text;
}

std::string overlay_line(const Overview& overview) {
    return fmt::format("ww {}/s written, {} q/s x {} = {}", short_bytes(overview.rates.written),
                       short_number(overview.rates.queries),
                       short_time(overview.rates.ns_per_query),
                       short_percent(overview.rates.busy));
}

} // namespace ww::command
