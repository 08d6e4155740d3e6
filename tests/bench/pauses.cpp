// SPDX-License-Identifier: MIT
// How long do other threads wait that map and unmap memory while one collects?
// A scan holds the process's memory map for as long as one ioctl takes.
#include "contest.h"
#include "questions.h"

#include <atomic>
#include <sys/mman.h>
#include <thread>
#include <utility>

namespace bench {

namespace {

constexpr Written kShares[] = {{"none", 0}, {"1pct", 0.01}, {"all", 1}};

struct Pair {
    double start;
    double end;
    bool preempted; // it says how the machine's other work was served
};

// A thread that maps and unmaps a page, over and over, while it is told to.
class Mapper {
public:
    Mapper() : thread_([this] { live(); }) {}
    ~Mapper() {
        order_ = kQuit;
        order_.notify_one();
        thread_.join();
    }
    Mapper(const Mapper&) = delete;
    Mapper& operator=(const Mapper&) = delete;

    // Returns when it is well under way.
    void start() {
        done_ = 0;
        resting_ = false;
        order_ = kWork;
        order_.notify_one();
        while (done_.load() < 20)
            std::this_thread::yield();
    }
    // Gives its pairs since start(); these are its own again with the next.
    const std::vector<Pair>& stop() {
        order_ = kRest;
        resting_.wait(false);
        return pairs_;
    }

private:
    enum Order { kRest, kWork, kQuit };

    void live() {
        for (;;) {
            order_.wait(kRest);
            if (order_ == kQuit)
                return;
            pairs_.clear();
            preemptions_ = preemptions();
            while (order_ == kWork)
                map_and_unmap();
            resting_ = true;
            resting_.notify_one();
        }
    }
    void map_and_unmap() {
        const double start = now();
        void* const page = ::mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ::munmap(page, page_bytes());
        const double end = now();
        pairs_.push_back({start, end, end - start > 50e-6 && lost_its_processor()});
        done_.fetch_add(1);
    }
    bool lost_its_processor() {
        const long before = std::exchange(preemptions_, preemptions());
        return preemptions_ != before;
    }

    std::atomic<int> order_{kRest};
    std::atomic<bool> resting_{true};
    std::atomic<int> done_{0};
    long preemptions_ = 0;
    std::vector<Pair> pairs_;
    std::thread thread_;
};

// Pairs, and the collects that they met.
struct Met {
    std::vector<double> pairs;
    std::vector<double> preempted; // pairs too, for want of others
    std::vector<double> longest;   // of each collect
    std::vector<double> collects;
};

// Collects that lost their processor serve only if there are no others.
struct Meetings {
    Met quiet;
    Met disturbed;
    const Met& best() const { return quiet.collects.empty() ? disturbed : quiet; }
};

// One collect beside the mapper.
void collect_beside(Mapper& mapper, const Contestant& contestant, const Block& block,
                    const Expected& expected, Meetings& meetings) {
    mapper.start();
    const double start = now();
    const Timing timing = contestant.collect(block, expected);
    // The check of the answer lies behind the collect.
    const double end = start + timing.seconds;
    const std::vector<Pair>& pairs = mapper.stop();
    Met& met = timing.disturbed ? meetings.disturbed : meetings.quiet;
    met.collects.push_back(timing.seconds);
    double longest = 0;
    for (const Pair& pair : pairs) {
        if (pair.end <= start || pair.start >= end)
            continue;
        const double seconds = pair.end - pair.start;
        (pair.preempted ? met.preempted : met.pairs).push_back(seconds);
        longest = std::max(longest, seconds);
    }
    met.longest.push_back(longest);
}

struct Plan {
    Written written;
    std::size_t bytes;
    int rounds;
    int collects;
};

void take_turn(const Contestant& contestant, const Plan& plan, const Block& block, Mapper& mapper) {
    const Pages written = choose(plan.written, block.pages());
    const Expected expected = addresses_of(block, written);
    Meetings meetings;
    contestant.peer.watch(block);
    const auto wanted = static_cast<std::size_t>(plan.collects);
    for (std::size_t i = 0; i < 2 * wanted && meetings.quiet.collects.size() < wanted; ++i) {
        store_into(block, written);
        collect_beside(mapper, contestant, block, expected, meetings);
    }
    contestant.peer.unwatch(block);
    const Met& met = meetings.best();
    contestant.note("p99/", quantile(met.pairs.empty() ? met.preempted : met.pairs, 0.99));
    contestant.note("longest/", median(met.longest));
    contestant.note("collect/", median(met.collects));
}

Experiment experiment(const Plan& plan) {
    const std::vector<PeerKind> kinds{peer("addresses", "ours"), peer("addresses", "raw")};
    return {.name = "pauses/" + size_name(plan.bytes) + "/" + plan.written.name,
            .series = series_of(kinds, {"p99/", "longest/", "collect/"}),
            .rounds = plan.rounds,
            .run = [=](Notes& notes) {
                const Mapping memory{plan.bytes};
                memory.populate();
                Mapper mapper;
                Contest contest{kinds, Touched::wholly, memory.block().pages()};
                for (int round = 0; round < plan.rounds; ++round) {
                    contest.round(notes, "p99/", [&](const Contestant& contestant) {
                        take_turn(contestant, plan, memory.block(), mapper);
                    });
                }
            }};
}

} // namespace

Experiments pauses(Scale scale) {
    Experiments experiments;
    for (const Written& written : kShares) {
        const bool cheap = written.share < 1;
        experiments.push_back(
            experiment({.written = written,
                        .bytes = at(scale, 16 * kMiB, 1 * kGiB, 1 * kGiB),
                        .rounds = at(scale, 1, 2, 5),
                        .collects = at(scale, 1, cheap ? 25 : 4, cheap ? 100 : 20)}));
    }
    return experiments;
}

} // namespace bench
