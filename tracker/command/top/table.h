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

// Where there are no rows.
inline constexpr const char* kNothing =
    "Nothing is watched that you may look at. Programs appear with their first watch.";

struct Column;

// The columns that fit in front of the map, and the map.
class Table {
public:
    // For lines of so many columns; the less important ones go where they are few.
    explicit Table(int columns);
    static Table with_all_columns();

    // Of all but the map.
    int width() const noexcept;
    std::string head() const;
    std::string row(const WatchRow& row) const;

private:
    Table() = default;
    std::vector<const Column*> columns_;
};

// How many there are of what.
std::string extent_of(const Overview& overview);
// What happens in them: one line.
std::string summary(const Overview& overview);
// One short line for an overlay.
std::string overlay_line(const Overview& overview);

} // namespace ww::command
