// SPDX-License-Identifier: MIT
// What does it cost to learn that an address is not watched? Every VirtualFree
// and munmap of a program pays it.
#include "contest.h"
#include "questions.h"
#include "tracker_handle.h"

#include <algorithm>
#include <random>
#include <thread>

namespace bench {

namespace {

constexpr std::size_t kWatches = 10'000;
constexpr std::size_t kBytes = 64 * kKiB;

// Watches with gaps as wide as themselves.
class Crowd {
public:
    Crowd() : arena_(2 * kWatches * kBytes) {
        for (std::size_t i = 0; i < kWatches; ++i)
            tracker_.watch({place(2 * i), kBytes});
    }
    ww_tracker* tracker() const { return tracker_.get(); }

    // In random order: a program frees all over the place.
    std::vector<void*> gaps(unsigned seed) const {
        std::vector<void*> gaps(kWatches);
        for (std::size_t i = 0; i < kWatches; ++i)
            gaps[i] = place(2 * i + 1);
        std::shuffle(gaps.begin(), gaps.end(), std::mt19937{seed});
        return gaps;
    }

private:
    char* place(std::size_t number) const { return arena_.block().base + number * kBytes; }
    Mapping arena_;
    Tracker tracker_;
};

// What a call answers where nothing is watched: 0.
using Lookup = int (*)(ww_tracker* tracker, void* base);
struct Call {
    const char* name;
    Lookup lookup;
};
constexpr Call kCalls[] = {
    {"find", [](ww_tracker* t, void* base) { return ww_find(t, base, kBytes, nullptr); }},
    {"forget", [](ww_tracker* t, void* base) { return ww_forget(t, base, kBytes); }},
};

struct Share {
    double seconds; // a lookup
    int found;
};

// In processor time: there may be more threads than processors.
Share look_up(const Crowd& crowd, const Call& call, unsigned seed, int times) {
    const std::vector<void*> gaps = crowd.gaps(seed);
    int found = 0;
    const double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < times; ++i) {
        for (void* gap : gaps)
            found += call.lookup(crowd.tracker(), gap);
    }
    const double seconds = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;
    return {seconds / (static_cast<double>(times) * static_cast<double>(gaps.size())), found};
}

void run(const Call& call, unsigned thread_count, int rounds, int times, Notes& notes) {
    const Crowd crowd;
    for (int round = 0; round < rounds; ++round) {
        std::vector<Share> shares(thread_count);
        {
            std::vector<std::jthread> threads;
            for (unsigned i = 0; i < thread_count; ++i)
                threads.emplace_back([&, i] { shares[i] = look_up(crowd, call, i, times); });
        }
        std::vector<double> seconds;
        for (const Share& share : shares) {
            seconds.push_back(share.seconds);
            if (share.found != 0)
                notes.wrong("ours", "found what is not watched");
        }
        notes.add("ours", median(seconds));
    }
}

} // namespace

Experiments lookups(Scale scale) {
    const int rounds = at(scale, 1, 5, 9);
    const int times = at(scale, 1, 20, 100);
    Experiments experiments;
    for (const Call& call : kCalls) {
        for (const unsigned threads : {1U, 8U}) {
            experiments.push_back(
                {.name = std::string{"lookups/"} + call.name + "/" + std::to_string(threads) +
                         (threads == 1 ? "thread" : "threads"),
                 .series = {"ours"},
                 .rounds = rounds,
                 .run = [=](Notes& notes) { run(call, threads, rounds, times, notes); }});
        }
    }
    return experiments;
}

} // namespace bench
