// SPDX-License-Identifier: MIT
// What does it cost to write out an address for each page? What a collect of
// addresses takes longer than the scans themselves, a page.
#include "contest.h"
#include "kernel_calls.h"
#include "questions.h"
#include "tracker_handle.h"

#include <array>

namespace bench {

namespace {

constexpr Written kShares[] = {{"all", 1}, {"every2nd", 0.5, true}};

// Few enough pages for one bounded step: pauses between steps would hide the
// expansion, which runs while others are let through.
constexpr std::size_t kBytes = 32 * kMiB;

class Answers {
public:
    Answers(const Block& block, std::size_t written)
        : block_(block), written_(written), pages_(written + 1) {
        tracker_.watch(block);
    }

    // Without reset, so that the question can be asked again and is cheap beside
    // what is to be measured.
    Timing addresses() {
        std::ptrdiff_t count = 0;
        const Timing timing = time([&] {
            count = ww_collect_pages(tracker_.get(), block_.base, block_.bytes, 0, pages_.data(),
                                     pages_.size(), nullptr);
        });
        right_ &= static_cast<std::size_t>(count) == written_;
        return timing;
    }
    // As many regions a call as the tracker takes.
    Timing scans() {
        std::array<Region, 256> regions;
        const auto end = reinterpret_cast<std::uintptr_t>(block_.base + block_.bytes);
        std::size_t bytes = 0;
        const Timing timing = time([&] {
            std::size_t found = regions.size();
            for (std::uint64_t at = end - block_.bytes; found == regions.size();) {
                found = kernel_.read(at, end, Mask::fast, regions).regions;
                for (const Region& region : std::span{regions}.first(found))
                    bytes += static_cast<std::size_t>(region.end - region.start);
                at = found == 0 ? end : regions[found - 1].end;
            }
        });
        right_ &= bytes == written_ * page_bytes();
        return timing;
    }
    bool right() const { return right_; }

private:
    Block block_;
    std::size_t written_;
    std::vector<void*> pages_;
    WriteProtection kernel_;
    Tracker tracker_;
    bool right_ = true;
};

void run(const Written& share, int rounds, int pairs, Notes& notes) {
    const Mapping memory{kBytes};
    memory.populate();
    const Pages written = choose(share, memory.block().pages());
    Answers answers{memory.block(), written.size()};
    store_into(memory.block(), written);
    for (int round = 0; round < rounds; ++round) {
        Repeated addresses;
        Repeated scans;
        for (int pair = 0; pair < pairs; ++pair) {
            addresses.add(answers.addresses());
            scans.add(answers.scans());
        }
        notes.add("a_page/ours",
                  (addresses.seconds() - scans.seconds()) / static_cast<double>(written.size()));
    }
    if (!answers.right())
        notes.wrong("a_page/ours", "another count than was written");
}

} // namespace

Experiments expansion(Scale scale) {
    const int rounds = at(scale, 1, 9, 15);
    const int pairs = at(scale, 2, 31, 51);
    Experiments experiments;
    for (const Written& share : kShares) {
        experiments.push_back({.name = std::string{"expansion/"} + share.name,
                               .series = {"a_page/ours"},
                               .rounds = rounds,
                               .run = [=](Notes& notes) { run(share, rounds, pairs, notes); }});
    }
    return experiments;
}

} // namespace bench
