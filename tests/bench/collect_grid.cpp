// SPDX-License-Identifier: MIT
// What does a collect with reset cost, by size, share of pages written, and
// whether another thread runs? And the writes that it finds? And both together,
// a frame: what is saved in one can be paid in the other.
#include "companion.h"
#include "contest.h"
#include "questions.h"

#include <new>

namespace bench {

namespace {

struct Size {
    std::size_t bytes;
    int rounds;
    std::size_t collects; // in one round of one peer, at most
    bool all_peers;
    bool all_shares;
};

struct Cell {
    Size size;
    Written written;
    bool storing;

    // A clean page costs a nanosecond, a written one a fault: where few are
    // written there is time for more rounds, and need, for a turn as a whole can
    // be a fourth slower (as pages and caches fall).
    int rounds() const {
        const bool many = written.share <= 0.01 && size.bytes == 64 * kMiB;
        return many ? 3 * size.rounds : size.rounds;
    }
};

constexpr Written kShares[] = {
    {"none", 0},    {"1page", 1e-9},         {"0.1pct", 0.001},
    {"1pct", 0.01}, {"every2nd", 0.5, true}, {"all", 1},
};
// What a brief run asks of large memory and of a running neighbour.
constexpr Written kFewShares[] = {kShares[0], kShares[3], kShares[5]};

std::vector<Size> sizes(Scale scale) {
    if (scale == Scale::smoke)
        return {{1 * kMiB, 1, 2, true, true}};
    if (scale == Scale::brief)
        return {{1 * kMiB, 9, 15, true, true},
                {64 * kMiB, 5, 3, false, true},
                {1 * kGiB, 3, 1, false, false}};
    return {{1 * kMiB, 15, 31, true, true},
            {64 * kMiB, 11, 5, true, true},
            {1 * kGiB, 5, 2, true, true},
            {4 * kGiB, 3, 1, true, true}};
}

std::vector<PeerKind> contestants(const Size& size, bool storing, Scale scale) {
    // What is large costs seconds a turn.
    const bool large = size.bytes >= kGiB;
    std::vector<PeerKind> kinds;
    for (const PeerKind& kind : peers()) {
        if (size.bytes > kGiB && std::string{kind.form} != "addresses")
            continue;
        if (kind.everywhere || (size.all_peers && !(storing && (large || scale == Scale::brief))))
            kinds.push_back(kind);
    }
    return kinds;
}

// A peer's part of one round: write, collect, and so on.
void take_turn(const Contestant& contestant, const Cell& cell, const Block& block,
               const Companion& companion) {
    const Pages written = choose(cell.written, block.pages());
    const Expected expected = addresses_of(block, written);
    Repeated collects;
    Repeated stores;
    constexpr double kEnough = 0.25;
    const double start = now();
    contestant.peer.watch(block);
    contestant.collect(block, {}); // watching leaves other things in the caches
    const std::size_t tries = 3 * cell.size.collects;
    for (std::size_t i = 0; i < tries && collects.undisturbed() < cell.size.collects; ++i) {
        stores.add(time([&] { store_into(block, written); }));
        const std::uint64_t before = companion.stores();
        Timing collect = contestant.collect(block, expected);
        collect.disturbed |= !companion.did_its_part(before);
        collects.add(collect);
        if (now() - start > kEnough)
            break;
    }
    contestant.peer.unwatch(block);
    contestant.note("collect/", collects.seconds());
    contestant.note("stores/", stores.seconds());
    contestant.note("frame/", stores.seconds() + collects.seconds());
}

void run(const Cell& cell, const std::vector<PeerKind>& kinds, Notes& notes) {
    if (available_bytes() < cell.size.bytes + kGiB / 2)
        throw std::bad_alloc{};
    const Mapping memory{cell.size.bytes};
    memory.populate();
    const Companion companion{cell.storing};
    Contest contest{kinds, Touched::wholly, memory.block().pages()};
    for (int round = 0; round < cell.rounds(); ++round) {
        contest.round(notes, "collect/", [&](const Contestant& contestant) {
            take_turn(contestant, cell, memory.block(), companion);
        });
    }
}

Experiment experiment(const Cell& cell, Scale scale) {
    const std::vector<PeerKind> kinds = contestants(cell.size, cell.storing, scale);
    return {.name = "grid/" + size_name(cell.size.bytes) + "/" + cell.written.name + "/" +
                    (cell.storing ? "storing" : "idle"),
            .series = series_of(kinds, {"collect/", "stores/", "frame/"}),
            .rounds = cell.rounds(),
            .run = [cell, kinds](Notes& notes) { run(cell, kinds, notes); }};
}

} // namespace

Experiments collect_grid(Scale scale) {
    Experiments experiments;
    for (const Size& size : sizes(scale)) {
        for (const bool storing : {false, true}) {
            const bool few =
                !size.all_shares || (storing && (size.bytes > kGiB || scale == Scale::brief));
            if (storing && scale == Scale::brief && size.bytes != 64 * kMiB)
                continue;
            for (const Written& written : few ? std::span<const Written>{kFewShares} : kShares)
                experiments.push_back(experiment({size, written, storing}, scale));
        }
    }
    return experiments;
}

} // namespace bench
