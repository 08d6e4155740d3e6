// SPDX-License-Identifier: MIT
// What a tracker tells of itself to whoever may look into its process: one file
// of fixed size, little-endian, the same from 32-bit processes. It is either
//   - a memfd named "writewatch", at /proc/PID/fd/N, sealed against other sizes
//     and against writing by others; or
//   - where WRITEWATCH_COUNTERS is the absolute path of a folder: a file
//     PID-N.counters there, which lives on when the process is gone.
// WRITEWATCH_COUNTERS=off: none. A tracker that never watched has none.
//
// A reader
//   1. checks magic, version and sizes; `pid`: a forked child inherits the
//      descriptor, and is not meant;
//   2. copies all between two equal, even values of `changes`; if that does not
//      succeed soon (the process may be stopped) a copy as it is: what began or
//      ended meanwhile may be wrong in it, nothing else.
// Totals are the sums over all of `watches`, whatever their state.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ww::counters {

inline constexpr char kMagic[8] = {'w', 'w', 'c', 'o', 'u', 'n', 't', '\n'};
inline constexpr std::uint32_t kVersion = 1;
inline constexpr char kName[] = "writewatch";
inline constexpr char kSetting[] = "WRITEWATCH_COUNTERS";
inline constexpr char kSuffix[] = ".counters";

using Count = std::atomic<std::uint64_t>;

// Counts go on while a watch ends and another takes its place: a thread that was
// stopped in the middle of a query adds it to the new one.
struct alignas(64) Watch {
    std::atomic<std::uint32_t> turns; // odd: there is such a watch now
    std::atomic<std::uint32_t> page_bytes;
    Count start;
    Count bytes;
    Count looks;       // queries without reset
    Count resets;      // queries with reset
    Count bytes_seen;  // reported without reset
    Count bytes_reset; // reported and reset: each page of it was a first write
    Count query_ns;    // in queries; from samples where they are many and small
};
static_assert(sizeof(Watch) == 64);

struct alignas(64) Header {
    char magic[sizeof kMagic];
    std::uint32_t version;
    std::uint32_t header_bytes;
    std::uint32_t watch_bytes;
    std::uint32_t watch_count; // of the table
    std::uint32_t pid;         // as the process itself sees it
    std::uint32_t backend;     // enum ww_backend
    Count started_ns;          // CLOCK_MONOTONIC, at the first watch; 0: not filled in yet
    char program[16];          // its name then, as in /proc/PID/comm
    std::atomic<std::uint32_t> changes; // odd: watches begin or end just now
    std::uint32_t reserved;
    Count begun;    // watches that ever began
    Count untabled; // watches for which there is no place in the table
    Count repairs;  // ww_counters, as of the last query that was timed
    Count reopened;
    // Calls that asked several ranges at once. Of the ranges those that had to be
    // asked by themselves count as queries of their watches, too.
    Count many;
    std::uint64_t reserved_too[3];
};
static_assert(sizeof(Header) == 128);

// The first two places are nobody's: the counts of watches without a place, and
// of those that ended.
inline constexpr std::size_t kUntabled = 0;
inline constexpr std::size_t kEnded = 1;
inline constexpr std::size_t kFirstPlace = 2;
inline constexpr std::size_t kPlaces = 510;

struct Table {
    Header header;
    Watch watches[kPlaces];
};
inline constexpr std::size_t kBytes = sizeof(Table);
static_assert(kBytes == 32768);

} // namespace ww::counters
