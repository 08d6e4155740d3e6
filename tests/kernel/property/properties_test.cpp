// SPDX-License-Identifier: MIT
// Any sequence of operations gets the answers that the contract says. What a
// run uses as its seed is printed first; RC_PARAMS="seed=..." repeats it.
#include "../need.h"
#include "generator.h"
#include "play.h"

#include <cstdlib>
#include <iostream>
#include <rapidcheck.h>
#include <string>

using namespace property;

namespace {

constexpr std::size_t kFullRun = 100'000; // operations

// What the environment says comes last, and counts.
void set_up_rapidcheck() {
    const char* own = std::getenv("RC_PARAMS");
    const bool is_long = std::getenv("WW_TEST_LONG") != nullptr;
    const std::string cases = is_long ? "max_success=4000 " : "max_success=1000 ";
    ::setenv("RC_PARAMS", (cases + (own == nullptr ? "" : own)).c_str(), 1);
}

std::ostream& operator<<(std::ostream& out, const Statistics& met) {
    return out << met.operations << " operations; " << met.collects << " collects, " << met.pages
               << " pages reported, " << met.supersets << " of them as declared supersets, "
               << met.discarded << " as discarded and " << met.unknown << " as unknown; "
               << met.resumed << " collects resumed, " << met.armed_collects
               << " over armed blocks, " << met.armed_finds << " of them found something, "
               << met.repairs << " found changes without a word; " << met.beyond_watches
               << " refused\n";
}

} // namespace

TEST_CASE("any sequence of operations gets the answers that the contract says") {
    const Memory memory;
    Statistics met;
    CHECK(rc::check("any sequence of operations", [&] {
        const Sequence sequence = *sequences();
        System system{memory};
        if (const auto complaint = play(sequence, system, met))
            RC_FAIL(*complaint);
    }));
    std::cout << met;
    // That little was played is fine only where the environment asked for it.
    if (met.operations < kFullRun)
        return;
    CHECK(met.armed_collects > met.operations / 100);
    CHECK(met.armed_finds > met.operations / 200);
    CHECK(met.resumed > met.operations / 100);
    CHECK(met.repairs > met.operations / 1000);
    NEED(can::tell_drops);
    CHECK(met.unknown > met.operations / 10);
    CHECK(met.discarded > met.operations / 1000);
}

int main(int argc, char** argv) {
    set_up_rapidcheck();
    return run_with_backend(argc, argv);
}
