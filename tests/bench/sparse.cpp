// SPDX-License-Identifier: MIT
// What does watching a huge reservation cost of which little is ever touched?
#include "contest.h"
#include "questions.h"

namespace bench {

namespace {

constexpr std::size_t kTouched = 1000;

struct Layout {
    const char* name;
    std::size_t bytes; // that the touched pages lie within; 0: all of it
};
constexpr Layout kLayouts[] = {{"within_64MiB", 64 * kMiB}, {"scattered", 0}};

Pages touched_pages(const Layout& layout, const Block& block) {
    const std::size_t within = layout.bytes == 0 ? block.pages() : layout.bytes / page_bytes();
    return scatter(kTouched, within);
}

std::vector<PeerKind> contestants(Scale scale) {
    std::vector<PeerKind> kinds{peer("addresses", "ours"), peer("addresses", "raw"),
                                peer("addresses", "wine-10.7")};
    if (scale == Scale::full)
        kinds.push_back(peer("addresses", "mprotect"));
    return kinds;
}

struct Life {
    Repeated watch;
    Repeated collect;
    Repeated again;
    Repeated unwatch;
};

// From the cradle to the grave. Unwatching includes the unmapping: page tables
// that watching made are torn down there.
void live(const Contestant& contestant, std::size_t bytes, const Layout& layout, Life& life) {
    Mapping memory{bytes};
    const Block& block = memory.block();
    const Pages touched = touched_pages(layout, block);
    life.watch.add(time([&] { contestant.peer.watch(block); }));
    store_into(block, touched);
    life.collect.add(contestant.collect(block, addresses_of(block, touched)));
    for (int i = 0; i < 3; ++i)
        life.again.add(contestant.collect(block, {}));
    life.unwatch.add(time([&] {
        contestant.peer.forget(block);
        memory.unmap();
    }));
}

// Several lives, of a peer that lives fast.
void take_turn(const Contestant& contestant, std::size_t bytes, const Layout& layout) {
    constexpr double kEnough = 0.2;
    const double start = now();
    Life life;
    for (int i = 0; i < 9 && (i == 0 || now() - start < kEnough); ++i)
        live(contestant, bytes, layout, life);
    contestant.note("watch/", life.watch.seconds());
    contestant.note("collect/", life.collect.seconds());
    contestant.note("again/", life.again.seconds());
    contestant.note("unwatch/", life.unwatch.seconds());
}

Experiment life(const Layout& layout, std::size_t bytes, Scale scale) {
    const std::vector<PeerKind> kinds = contestants(scale);
    const int rounds = at(scale, 1, 2, 5);
    return {.name = "sparse/" + size_name(bytes) + "/" + layout.name,
            .series = series_of(kinds, {"watch/", "collect/", "again/", "unwatch/"}),
            .rounds = rounds,
            .run = [=](Notes& notes) {
                Contest contest{kinds, Touched::partly, kTouched};
                for (int round = 0; round < rounds; ++round) {
                    contest.round(notes, "watch/", [&](const Contestant& contestant) {
                        take_turn(contestant, bytes, layout);
                    });
                }
            }};
}

// Bytes of page tables that watching makes, by itself.
Experiment page_tables(std::size_t bytes) {
    const std::vector<PeerKind> kinds{peer("addresses", "ours"), peer("addresses", "wine-10.7")};
    return {.name = "page_tables/" + size_name(bytes),
            .series = series_of(kinds),
            .rounds = 1,
            .run =
                [=](Notes& notes) {
                    Contest contest{kinds, Touched::partly, kTouched};
                    contest.round(notes, "", [&](const Contestant& contestant) {
                        const Mapping memory{bytes};
                        const std::size_t before = page_table_bytes();
                        contestant.peer.watch(memory.block());
                        const std::size_t after = page_table_bytes();
                        contestant.peer.forget(memory.block());
                        contestant.note("", static_cast<double>(after - before));
                    });
                },
            .unit = Unit::bytes};
}

} // namespace

Experiments sparse(Scale scale) {
    const std::size_t bytes = at(scale, 1 * kGiB, 256 * kGiB, 256 * kGiB);
    Experiments experiments;
    for (const Layout& layout : kLayouts)
        experiments.push_back(life(layout, bytes, scale));
    experiments.push_back(page_tables(bytes));
    return experiments;
}

} // namespace bench
