// SPDX-License-Identifier: MIT
// What does a clean collect cost where only half of the memory was ever touched?
// By where the untouched half lies: in each block of 512 pages, or in blocks of
// its own.
#include "contest.h"
#include "questions.h"

namespace bench {

namespace {

constexpr std::size_t kBlockPages = 512;

struct Layout {
    const char* name;
    std::size_t run; // so many pages touched, then as many not
};
constexpr Layout kLayouts[] = {
    {"of_each_block", kBlockPages / 2},
    {"of_the_blocks", 16 * kBlockPages},
};

Pages touched_pages(const Layout& layout, std::size_t page_count) {
    Pages pages;
    for (std::size_t page = 0; page < page_count; ++page) {
        if (page / layout.run % 2 == 0)
            pages.push_back(page);
    }
    return pages;
}

// Watched before it is touched, as by an allocator that watches what it reserves.
void take_turn(const Contestant& contestant, const Layout& layout, std::size_t bytes,
               std::size_t collects) {
    const Mapping memory{bytes};
    const Block& block = memory.block();
    const Pages touched = touched_pages(layout, block.pages());
    contestant.peer.watch(block);
    store_into(block, touched);
    contestant.collect(block, addresses_of(block, touched));
    Repeated times;
    for (std::size_t i = 0; i < 3 * collects && times.undisturbed() < collects; ++i)
        times.add(contestant.collect(block, {}));
    contestant.peer.forget(block);
    contestant.note("", times.seconds());
}

Experiment experiment(const Layout& layout, Scale scale) {
    const std::size_t bytes = at(scale, 128 * kMiB, 256 * kMiB, 1 * kGiB);
    const std::size_t collects = at<std::size_t>(scale, 2, 15, 15);
    const int rounds = at(scale, 1, 5, 9);
    const std::vector<PeerKind> kinds{peer("addresses", "ours"), peer("addresses", "raw"),
                                      peer("addresses", "wine-10.7")};
    return {.name = "half_touched/" + size_name(bytes) + "/" + layout.name,
            .series = series_of(kinds),
            .rounds = rounds,
            .run = [=](Notes& notes) {
                Contest contest{kinds, Touched::partly, bytes / page_bytes()};
                for (int round = 0; round < rounds; ++round) {
                    contest.round(notes, "", [&](const Contestant& contestant) {
                        take_turn(contestant, layout, bytes, collects);
                    });
                }
            }};
}

} // namespace

Experiments half_touched(Scale scale) {
    Experiments experiments;
    for (const Layout& layout : kLayouts)
        experiments.push_back(experiment(layout, scale));
    return experiments;
}

} // namespace bench
