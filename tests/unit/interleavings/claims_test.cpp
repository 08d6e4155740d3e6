// SPDX-License-Identifier: MIT
// A claim that is looked at, ended and used again at once.
#include "stepped.h"
// Second, so that its atomics are those.
#include "claims.h"

#include <doctest/doctest.h>

using model::Memory;
using model::Scheduler;
using ww::Claim;
using ww::Range;

namespace {

constexpr Range kHigh{0x8000, 0x9000};
constexpr Range kLow{0x1000, 0x2000};

} // namespace

TEST_CASE("a claim looked at while it becomes another is one of both as a whole, or none") {
    for (const Memory memory : {Memory::sequential, Memory::weak}) {
        std::unique_ptr<Claim> claim;
        Range seen;
        long high = 0;
        long low = 0;
        long none = 0;
        long mixtures = 0;
        Scheduler::explore(
            memory,
            [&] {
                claim = std::make_unique<Claim>();
                claim->begin(kHigh);
                return std::vector<Scheduler::Body>{[&] { seen = claim->look(); },
                                                    [&] {
                                                        claim->end();
                                                        claim->begin(kLow);
                                                    }};
            },
            [&] {
                ++(seen == kHigh ? high : seen == kLow ? low : seen == Range{} ? none : mixtures);
            });
        CHECK(mixtures == 0);
        CHECK(high > 0);
        CHECK(low > 0);
        CHECK(none > 0);
    }
}
