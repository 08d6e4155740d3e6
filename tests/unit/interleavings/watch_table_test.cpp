// SPDX-License-Identifier: MIT
// A lookup in the set of watches while one ends and its memory is used again.
#include "stepped.h"
// Second, so that their atomics are those.

#include "watch_table.h"

#include <doctest/doctest.h>

using model::Memory;
using model::Scheduler;
using ww::Arena;
using ww::Range;
using ww::Watched;
using ww::WatchTable;

namespace {

constexpr Range pages(std::uintptr_t first, std::uintptr_t count) {
    return {0x10000000 + first * 0x1000, 0x10000000 + (first + count) * 0x1000};
}

constexpr Watched kWide{pages(0, 8)};
constexpr Watched kNarrow{pages(2, 4)};

struct Table {
    Arena arena;
    ww::Counters counters; // without memory
    std::unique_ptr<WatchTable> table = std::make_unique<WatchTable>(arena, counters);
};

struct Seen {
    long wide = 0;
    long narrow = 0;
    long none = 0;
    long others = 0;
};

// One changer: the lock is never waited for.
template<class Change>
Seen find_while(Change change) {
    std::unique_ptr<Table> t;
    std::optional<Watched> found;
    Seen seen;
    Scheduler::explore(
        Memory::sequential,
        [&] {
            t = std::make_unique<Table>();
            REQUIRE_FALSE(t->table->insert(kWide));
            return std::vector<Scheduler::Body>{[&] { found = t->table->find(pages(4, 1)); },
                                                [&] { change(*t->table); }};
        },
        [&] {
            ++(!found              ? seen.none
               : *found == kWide   ? seen.wide
               : *found == kNarrow ? seen.narrow
                                   : seen.others);
        });
    return seen;
}

} // namespace

TEST_CASE("a lookup while a watch becomes another gives one of both, or none") {
    const Seen seen = find_while([](WatchTable& table) {
        static_cast<void>(table.erase_first(kWide.range));
        static_cast<void>(table.insert(kNarrow));
    });
    CHECK(seen.others == 0);
    CHECK(seen.wide > 0);
    CHECK(seen.narrow > 0);
    CHECK(seen.none > 0);
}

TEST_CASE("a lookup while a watch is cut to its middle always gives a watch") {
    const Seen seen = find_while([](WatchTable& table) {
        static_cast<void>(table.erase_first(pages(0, 2)));
        static_cast<void>(table.erase_first(pages(6, 2)));
    });
    CHECK(seen.none == 0);
    CHECK(seen.wide > 0);
    CHECK(seen.narrow > 0);
}
