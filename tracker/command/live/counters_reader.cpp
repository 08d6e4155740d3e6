// SPDX-License-Identifier: MIT
#include "live/counters_reader.h"

#include "live/descriptor.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <unistd.h>

namespace ww::command {

namespace {

using counters::Table;

std::uint64_t get(const counters::Count& count) noexcept {
    return count.load(std::memory_order_relaxed);
}

bool read_part(int file, void* out, std::size_t bytes, std::size_t offset) noexcept {
    return ::pread(file, out, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

bool is_known(const counters::Header& header) noexcept {
    return std::memcmp(header.magic, counters::kMagic, sizeof header.magic) == 0 &&
           get(header.started_ns) != 0 && header.version == counters::kVersion &&
           header.header_bytes == sizeof header &&
           header.watch_bytes == sizeof(counters::Watch) && header.watch_count == counters::kPlaces;
}

// The kernel copies aligned words whole. The process may be stopped in the
// middle of a change, so there is an end to trying.
bool copy(int file, Table& table) noexcept {
    constexpr int kTries = 100;
    for (int tried = 0; tried < kTries; ++tried) {
        std::uint32_t after = 0;
        if (!read_part(file, &table, sizeof table, 0) || !is_known(table.header) ||
            !read_part(file, &after, sizeof after, offsetof(counters::Header, changes)))
            return false;
        const std::uint32_t before = table.header.changes.load(std::memory_order_relaxed);
        if (before == after && before % 2 == 0)
            break;
    }
    return true;
}

QueryCounts counts_of(const counters::Watch& watch) noexcept {
    return {get(watch.looks), get(watch.resets), get(watch.bytes_seen), get(watch.bytes_reset),
            get(watch.query_ns)};
}

// What memory says may be nonsense: it is somebody else's.
bool makes_sense(const WatchCounts& watch) noexcept {
    const std::uint64_t page = watch.page_bytes;
    return page >= 4096 && (page & (page - 1)) == 0 && watch.bytes != 0 &&
           watch.start % 4096 == 0 && watch.bytes % 4096 == 0 &&
           watch.start + watch.bytes > watch.start;
}

void take_watches(const Table& table, TrackerCounts& found) {
    for (std::size_t place = 0; place < counters::kPlaces; ++place) {
        const counters::Watch& watch = table.watches[place];
        const WatchCounts counts{get(watch.start), get(watch.bytes),
                                 watch.page_bytes.load(std::memory_order_relaxed),
                                 counts_of(watch)};
        found.total += counts.counts;
        if (place < counters::kFirstPlace)
            found.ended += counts.counts;
        else if (watch.turns.load(std::memory_order_relaxed) % 2 == 1 && makes_sense(counts))
            found.watches.push_back(counts);
    }
    std::ranges::sort(found.watches, {}, &WatchCounts::start);
}

} // namespace

QueryCounts& QueryCounts::operator+=(const QueryCounts& other) noexcept {
    looks += other.looks;
    resets += other.resets;
    bytes_seen += other.bytes_seen;
    bytes_reset += other.bytes_reset;
    query_ns += other.query_ns;
    return *this;
}

// Nothing is ever less: a watch whose place was taken by another begins anew.
QueryCounts QueryCounts::operator-(const QueryCounts& earlier) const noexcept {
    const auto since = [](std::uint64_t now, std::uint64_t before) {
        return now >= before ? now - before : now;
    };
    return {since(looks, earlier.looks), since(resets, earlier.resets),
            since(bytes_seen, earlier.bytes_seen), since(bytes_reset, earlier.bytes_reset),
            since(query_ns, earlier.query_ns)};
}

std::optional<TrackerCounts> read_counters(int file) {
    const auto table = std::make_unique<Table>();
    if (!copy(file, *table))
        return std::nullopt;
    const counters::Header& header = table->header;
    TrackerCounts found;
    found.pid = header.pid;
    found.backend = header.backend;
    found.started_ns = get(header.started_ns);
    found.program = {header.program, ::strnlen(header.program, sizeof header.program)};
    found.begun = get(header.begun);
    found.untabled = get(header.untabled);
    found.repairs = get(header.repairs);
    found.reopened = get(header.reopened);
    found.many = get(header.many);
    take_watches(*table, found);
    return found;
}

std::vector<TrackerCounts> read_counters_in(const std::filesystem::path& folder) {
    std::vector<TrackerCounts> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        if (entry.path().extension() != counters::kSuffix)
            continue;
        const Descriptor file{::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC)};
        if (!file)
            continue;
        if (std::optional<TrackerCounts> counts = read_counters(file.get()))
            found.push_back(std::move(*counts));
    }
    return found;
}

} // namespace ww::command
