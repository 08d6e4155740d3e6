// SPDX-License-Identifier: MIT
#include "top/table.h"

#include "live/format.h"

#include <algorithm>
#include <cstdlib>
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

struct Column {
    const char* head;
    int width;     // to the right, but for names
    int dispensed; // the first to go has 1; 0: stays
    std::string (*text)(const WatchRow& row);
};

namespace {

constexpr Column kColumns[] = {
    {"PID", 7, 0, [](const WatchRow& row) { return std::to_string(row.pid); }},
    {"PROGRAM", -15, 0, [](const WatchRow& row) { return row.process; }},
    {"ADDRESS", 12, 1, [](const WatchRow& row) { return fmt::format("{:x}", row.watch.start); }},
    {"SIZE", 6, 0,
     [](const WatchRow& row) { return short_bytes(static_cast<double>(row.watch.bytes)); }},
    {"COMMITTED", 9, 2,
     [](const WatchRow& row) { return bytes_or_dash(row, row.pages.committed); }},
    {"WRITTEN", 7, 0, [](const WatchRow& row) { return bytes_or_dash(row, row.pages.written); }},
    {"WRITTEN/s", 9, 0, [](const WatchRow& row) { return short_bytes(row.rates.written); }},
    {"QUERIES/s", 9, 0, [](const WatchRow& row) { return short_number(row.rates.queries); }},
    {"COST", 6, 4, [](const WatchRow& row) { return short_time(row.rates.ns_per_query); }},
    {"CPU", 5, 3, [](const WatchRow& row) { return short_percent(row.rates.busy); }},
};

// One of the table's fields, and a blank.
std::string field(const Column& column, const std::string& text) {
    return column.width < 0 ? fmt::format("{:<{}.{}} ", text, -column.width, -column.width)
                            : fmt::format("{:>{}} ", text, column.width);
}

} // namespace

Table Table::with_all_columns() {
    Table table;
    for (const Column& column : kColumns)
        table.columns_.push_back(&column);
    return table;
}

Table::Table(int columns) : Table(with_all_columns()) {
    constexpr int kLeastMap = 12;
    for (int next = 1; width() + kLeastMap > columns; ++next) {
        if (std::erase_if(columns_, [next](const Column* column) {
                return column->dispensed == next;
            }) == 0)
            return;
    }
}

int Table::width() const noexcept {
    int width = 0;
    for (const Column* column : columns_)
        width += std::abs(column->width) + 1;
    return width;
}

std::string Table::head() const {
    std::string line;
    for (const Column* column : columns_)
        line += field(*column, column->head);
    return line;
}

std::string Table::row(const WatchRow& row) const {
    std::string line;
    for (const Column* column : columns_)
        line += field(*column, column->text(row));
    return line;
}

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

std::string extent_of(const Overview& overview) {
    std::string text =
        fmt::format("{} process{}, {} watch{}", overview.processes,
                    overview.processes == 1 ? "" : "es", overview.watches,
                    overview.watches == 1 ? "" : "es");
    if (overview.untabled != 0)
        text += fmt::format(" ({} of them not shown)", overview.untabled);
    return text;
}

std::string summary(const Overview& overview) {
    return fmt::format("{} written of {}, {}/s; {} queries/s, {} each, {} of a core",
                       short_bytes(static_cast<double>(overview.pages.written)),
                       short_bytes(static_cast<double>(overview.pages.committed)),
                       short_bytes(overview.rates.written), short_number(overview.rates.queries),
                       short_time(overview.rates.ns_per_query), short_percent(overview.rates.busy));
}

std::string overlay_line(const Overview& overview) {
    return fmt::format("ww {}/s written, {} q/s x {} = {}", short_bytes(overview.rates.written),
                       short_number(overview.rates.queries),
                       short_time(overview.rates.ns_per_query),
                       short_percent(overview.rates.busy));
}

} // namespace ww::command
