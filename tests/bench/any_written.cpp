// SPDX-License-Identifier: MIT
// What does it cost to learn that anything was written, where everything was?
#include "contest.h"
#include "questions.h"
#include "tracker_handle.h"

namespace bench {

namespace {

void run(std::size_t bytes, int rounds, Notes& notes) {
    const Mapping memory{bytes};
    memory.populate();
    const Tracker tracker;
    const Block& block = memory.block();
    tracker.watch(block);
    store_into(block, first_pages(block.pages()));
    constexpr int kTimes = 1000;
    int written = 0;
    for (int round = 0; round < rounds; ++round) {
        const Timing all = time([&] {
            for (int i = 0; i < kTimes; ++i)
                written += ww_any_written(tracker.get(), block.base, block.bytes);
        });
        notes.add("ours", all.seconds / kTimes);
    }
    if (written != rounds * kTimes)
        notes.wrong("ours", "did not see that everything was written");
}

} // namespace

Experiments any_written(Scale scale) {
    const std::size_t bytes = at(scale, 16 * kMiB, 1 * kGiB, 1 * kGiB);
    const int rounds = at(scale, 1, 9, 25);
    return {{.name = "any_written/" + size_name(bytes) + "/all",
             .series = {"ours"},
             .rounds = rounds,
             .run = [=](Notes& notes) { run(bytes, rounds, notes); }}};
}

} // namespace bench
