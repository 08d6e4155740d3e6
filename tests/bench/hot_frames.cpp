// SPDX-License-Identifier: MIT
// What does a loop gain by leaving hot pages unarmed that writes the same pages
// in each frame, and a few others? And what does it lose where it should not?
#include "questions.h"
#include "timing.h"
#include "tracker_handle.h"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <writewatch/hot_pages.h>

namespace bench {

namespace {

constexpr std::size_t kBytes = 256 * kMiB; // 65,536 pages of 4 KiB

struct Mix {
    const char* name;
    std::size_t hot;    // pages written in every frame
    std::size_t others; // pages written besides, other ones each time
};
constexpr Mix kMixes[] = {{"500+20", 500, 20}, {"10+20", 10, 20}, {"500+200", 500, 200}};

// A program that writes and collects, with hot pages on or off.
class Frames {
public:
    Frames(const Mix& mix, bool on) : mix_(mix), memory_(kBytes), ranges_(mix.hot + mix.others + 1) {
        memory_.populate();
        tracker_.watch(memory_.block());
        if (on && ww_hot_create(tracker_.get(), memory_.block().base, kBytes, &hot_) != 0)
            throw std::runtime_error{"ww_hot_create"};
        hot_pages_ = scatter(mix.hot, memory_.block().pages());
    }
    ~Frames() { ww_hot_destroy(hot_); }
    Frames(const Frames&) = delete;
    Frames& operator=(const Frames&) = delete;

    void frame() {
        store_into(memory_.block(), hot_pages_);
        for (std::size_t i = 0; i < mix_.others; ++i)
            ++*memory_.block().page(random_() % memory_.block().pages());
        const char* base = memory_.block().base;
        const std::ptrdiff_t found =
            hot_ != nullptr ? ww_hot_collect_ranges(hot_, base, kBytes, nullptr, ranges_.data(),
                                                    ranges_.size(), nullptr)
                            : ww_collect_ranges(tracker_.get(), base, kBytes, WW_RESET,
                                                ranges_.data(), ranges_.size(), nullptr);
        right_ &= found > 0;
    }
    bool right() const { return right_; }

private:
    Mix mix_;
    Mapping memory_;
    Tracker tracker_;
    ww_hot_pages* hot_ = nullptr;
    Pages hot_pages_;
    std::vector<ww_range> ranges_;
    std::mt19937 random_{7};
    bool right_ = true;
};

long faults() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
}

// Rounds that arm everything again are as many as they are in a long run.
constexpr int kFramesARound = 64;

void note_cost(Frames& frames, Notes& notes, const char* series) {
    double seconds = 0;
    for (int i = 0; i < kFramesARound; ++i)
        seconds += time([&] { frames.frame(); }).seconds;
    notes.add(series, seconds / kFramesARound);
}

// Of a frame of the steady kind.
void note_faults(Frames& frames, Notes& notes, const char* series) {
    std::vector<double> each;
    for (int i = 0; i < kFramesARound; ++i) {
        const long before = faults();
        frames.frame();
        each.push_back(static_cast<double>(faults() - before));
    }
    notes.add(series, median(each));
}

Experiment experiment(const Mix& mix, Unit unit, int rounds) {
    const auto note = unit == Unit::seconds ? note_cost : note_faults;
    return {.name = std::string{"hot_frames/"} + mix.name +
                    (unit == Unit::seconds ? "/cost" : "/faults"),
            .series = {"ours", "off"},
            .rounds = rounds,
            .run =
                [=](Notes& notes) {
                    Frames on{mix, true};
                    Frames off{mix, false};
                    for (int i = 0; i < kFramesARound; ++i) { // until hot pages are known
                        on.frame();
                        off.frame();
                    }
                    for (int round = 0; round < rounds; ++round) {
                        note(on, notes, "ours");
                        note(off, notes, "off");
                    }
                    if (!on.right() || !off.right())
                        notes.wrong("ours", "nothing, where pages had been written");
                },
            .unit = unit};
}

} // namespace

Experiments hot_frames(Scale scale) {
    const int rounds = at(scale, 1, 5, 15);
    Experiments experiments;
    for (const Mix& mix : kMixes)
        experiments.push_back(experiment(mix, Unit::seconds, rounds));
    experiments.push_back(experiment(kMixes[0], Unit::count, rounds));
    return experiments;
}

} // namespace bench
