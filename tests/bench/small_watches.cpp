// SPDX-License-Identifier: MIT
// What does it cost to collect many small watches, as of a thousand buffers that
// a capture tool follows? Peers use one ioctl for each.
#include "contest.h"
#include "questions.h"

#include <algorithm>

namespace bench {

namespace {

constexpr std::size_t kWatches = 1000;
constexpr std::size_t kBytes = 64 * kKiB;

// Pages written in each watch.
struct State {
    const char* name;
    std::size_t pages;
};
constexpr State kStates[] = {{"clean", 0}, {"1page", 1}};

// With gaps between, so that they stay mappings of their own.
std::vector<Block> place_in(const Block& arena) {
    std::vector<Block> watches;
    for (std::size_t i = 0; i < kWatches; ++i)
        watches.push_back({arena.base + 2 * i * kBytes, kBytes});
    return watches;
}

void take_turn(const Contestant& contestant, const std::vector<Block>& watches, const State& state,
               std::size_t collects) {
    const Pages written = first_pages(state.pages);
    Expected expected;
    for (const Block& block : watches) {
        contestant.peer.watch(block);
        std::ranges::copy(addresses_of(block, written), std::back_inserter(expected));
    }
    Repeated times;
    for (std::size_t i = 0; i < 3 * collects && times.undisturbed() < collects; ++i) {
        for (const Block& block : watches)
            store_into(block, written);
        times.add(contestant.collect(watches, expected));
    }
    for (const Block& block : watches)
        contestant.peer.unwatch(block);
    contestant.note("", times.seconds());
}

Experiment experiment(const State& state, Scale scale) {
    const std::vector<PeerKind> kinds{peer("addresses", "ours"), peer("addresses", "raw"),
                                      peer("addresses", "wine-10.7")};
    const int rounds = at(scale, 1, 7, 11);
    const std::size_t collects = at<std::size_t>(scale, 2, 15, 15);
    return {.name = std::string{"small_watches/1000x64KiB/"} + state.name,
            .series = series_of(kinds),
            .rounds = rounds,
            .run = [=](Notes& notes) {
                const Mapping arena{2 * kWatches * kBytes};
                arena.populate();
                const std::vector<Block> watches = place_in(arena.block());
                Contest contest{kinds, Touched::wholly, kWatches * kBytes / page_bytes()};
                for (int round = 0; round < rounds; ++round) {
                    contest.round(notes, "", [&](const Contestant& contestant) {
                        take_turn(contestant, watches, state, collects);
                    });
                }
            }};
}

} // namespace

Experiments small_watches(Scale scale) {
    Experiments experiments;
    for (const State& state : kStates)
        experiments.push_back(experiment(state, scale));
    return experiments;
}

} // namespace bench
