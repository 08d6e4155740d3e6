// SPDX-License-Identifier: MIT
// The table of `writewatch top`, as lines of text and as rows of a screen.
#pragma once

#include "live/monitor.h"

#include <string>
#include <string_view>
#include <vector>

namespace ww::command {

// What rows are sorted by, and the key that chooses it.
struct SortKey {
    const char* name;
    char key;
    const char* help;
};
inline constexpr SortKey kSortKeys[] = {
    {"process", 'p', "process and address"}, {"size", 's', "size"},
    {"committed", 'c', "committed memory"},  {"written", 'w', "memory written now"},
    {"rate", 'r', "written a second"},       {"queries", 'n', "number of queries a second"},
    {"time", 't', "time in queries"},
};

// By the name of a SortKey; the largest first, but processes in order.
std::vector<WatchRow> sorted(std::vector<WatchRow> rows, std::string_view key);

std::string table_head();
// Without the heat strip.
std::string table_row(const WatchRow& row);
inline constexpr int kTableColumns = 98;

// One line about all.
std::string summary(const Overview& overview);
// One short line for an overlay.
std::string overlay_line(const Overview& overview);

} // namespace ww::command
