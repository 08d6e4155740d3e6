// SPDX-License-Identifier: MIT
// What does the first write to each page of fresh, watched memory cost?
#include "contest.h"
#include "questions.h"

namespace bench {

namespace {

// In processor time: faults of one thread never sleep, and last too long to go
// undisturbed on a machine with other work.
void take_turn(const Contestant& contestant, std::size_t bytes) {
    const Mapping memory{bytes};
    contestant.peer.watch(memory.block());
    const double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    memory.populate();
    const double seconds = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;
    contestant.collect(memory.block(),
                       addresses_of(memory.block(), first_pages(memory.block().pages())));
    contestant.peer.forget(memory.block());
    contestant.note("", seconds);
}

} // namespace

Experiments first_touch(Scale scale) {
    const std::size_t bytes = at(scale, 4 * kMiB, 256 * kMiB, 1 * kGiB);
    const int rounds = at(scale, 1, 5, 9);
    const std::vector<PeerKind> kinds{peer("addresses", "ours"), peer("addresses", "raw"),
                                      peer("addresses", "wine-10.7")};
    const auto run = [=](Notes& notes) {
        Contest contest{kinds, Touched::partly, bytes / page_bytes()};
        for (int round = 0; round < rounds; ++round) {
            contest.round(notes, "",
                          [&](const Contestant& contestant) { take_turn(contestant, bytes); });
        }
    };
    return {{.name = "first_touch/" + size_name(bytes),
             .series = series_of(kinds),
             .rounds = rounds,
             .run = run}};
}

} // namespace bench
