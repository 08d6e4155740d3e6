// SPDX-License-Identifier: MIT
// A watch that is read, ended, taken back and made another one at once.
#include "stepped.h"
// Second, so that its atomics are those.
#include "watch.h"

#include <doctest/doctest.h>

using model::Memory;
using model::Scheduler;
using ww::Range;
using ww::Watch;
using ww::Watched;

namespace {

constexpr Watched kWide{Range{0x1000, 0x9000}};
constexpr Watched kNarrow{Range{0x3000, 0x5000}};

template<class Check, class... Actions>
void in_every_order(Memory memory, Check check, Actions... actions) {
    std::unique_ptr<Watch> watch;
    const std::size_t executions = Scheduler::explore(
        memory,
        [&] {
            watch = std::make_unique<Watch>();
            watch->begin(kWide);
            return std::vector<Scheduler::Body>{[&, actions] { actions(*watch); }...};
        },
        [&] { check(*watch); });
    CHECK(executions > 1);
}

void become_another(Watch& watch) {
    if (watch.claim(watch.look())) {
        watch.end_claimed();
        watch.begin(kNarrow);
    }
}

} // namespace

TEST_CASE("a watch read while it becomes another is one of both as a whole, or unknown") {
    for (const Memory memory : {Memory::sequential, Memory::weak}) {
        std::optional<Watch::View> seen;
        long wide = 0;
        long narrow = 0;
        long unknown = 0;
        long mixtures = 0;
        in_every_order(
            memory,
            [&](Watch&) {
                const bool live = seen->live();
                wide += live && seen->watched == kWide;
                narrow += live && seen->watched == kNarrow;
                unknown += !live;
                mixtures += live && seen->watched != kWide && seen->watched != kNarrow;
            },
            [&](Watch& watch) { seen = watch.look(); }, become_another);
        CHECK(mixtures == 0);
        CHECK(wide > 0);
        CHECK(narrow > 0);
        CHECK(unknown > 0);
    }
}

TEST_CASE("of two that end a watch, or take a retired one back, exactly one does") {
    long once = 0;
    long others = 0;
    std::array<bool, 2> did{};
    const auto count = [&](Watch&) { ++(did[0] != did[1] ? once : others); };
    const auto retire = [&](Watch& watch) { did[0] = watch.retire(watch.look()); };
    const auto claim = [&](Watch& watch) { did[1] = watch.claim(watch.look()); };
    in_every_order(Memory::sequential, count, retire, claim);

    const auto revive = [&](Watch& watch) {
        const Watch::View seen = watch.look();
        did[0] = !seen.live() && watch.revive(seen);
    };
    const auto retire_and_bury = [&](Watch& watch) {
        did[1] = watch.retire(watch.look()) && watch.bury(watch.look());
    };
    in_every_order(
        Memory::sequential, [&](Watch&) { others += did[0] && did[1]; }, revive, retire_and_bury);
    CHECK(once > 0);
    CHECK(others == 0);
}

TEST_CASE("what was seen before a watch ended and came back is no ground to end it") {
    std::optional<Watch::View> seen;
    long wrong = 0;
    in_every_order(
        Memory::sequential,
        [&](Watch& watch) {
            wrong += !watch.look().live(); // of this one nobody was told
        },
        [&](Watch& watch) {
            seen = watch.look();
            // A change between what is seen and what is done must be noticed.
            if (seen->watched == kWide && watch.retire(*seen))
                static_cast<void>(watch.revive(watch.look()));
        },
        become_another);
    CHECK(wrong == 0);
}
