// SPDX-License-Identifier: MIT
// Plays a libretro core, goes back in time and forth again, proves that the
// future is the same, and measures what each way to go back costs.
#include "core.h"
#include "core_heap.h"
#include "measure.h"
#include "proof.h"
#include "ways.h"
#include "window.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <stdexcept>

using namespace rewind_example;

namespace {

constexpr std::size_t kHeapBytes = std::size_t{128} << 20;
constexpr std::size_t kCheckpointBytes = std::size_t{2} << 30;

// A core that prints must not have the front end's buffer: it would be rewound.
void keep_output_outside() {
    static char buffer[BUFSIZ];
    std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

struct Tracked {
    ww_tracker* tracker = nullptr;
    std::vector<ww_range> memory;

    explicit Tracked(const Core& core) : memory(core.data_segments()) {
        char reason[WW_REASON_BYTES];
        if (ww_probe(reason, sizeof reason) == WW_BACKEND_NONE)
            throw std::runtime_error(reason);
        memory.push_back(CoreHeap::range());
        if (ww_tracker_create(&tracker) != 0)
            throw std::runtime_error("no tracker");
        for (const ww_range& range : memory) {
            if (const int error = ww_watch(tracker, range.base, range.bytes, 0))
                throw std::runtime_error(fmt::format("watching: error {}", -error));
        }
    }
    ~Tracked() { ww_tracker_destroy(tracker); }
};

struct InWindow {
    bool wanted = false;
    std::size_t frames = 0;
    std::size_t kept = 600;
};

int run(const std::string& library, const std::string& game, const Length& length,
        const std::string& json, const InWindow& in_window) {
    CoreHeap::create(kHeapBytes);
    Core core{library, game};
    core.run(0); // what is set up lazily is there now
    const Tracked tracked{core};
    const auto make = [&](std::size_t frames) {
        return make_checkpoints(tracked.tracker, tracked.memory, frames, kCheckpointBytes);
    };
    if (in_window.wanted) {
        MemoryMap map{tracked.tracker, tracked.memory};
        play_in_window(core, *make(in_window.kept), map, in_window.frames);
        return EXIT_SUCCESS;
    }
    const auto make_around = [&](std::size_t frames) {
        return make_checkpoints_around(tracked.tracker, tracked.memory, core.shown(), frames,
                                       kCheckpointBytes);
    };
    const bool proven = prove(core, *make(length.frames + 1), length);
    // Where a core needs its last picture it has to be kept.
    const bool draws_anew =
        prove(core, *make_around(length.frames + 1), length, "without picture: ");
    if (length.rounds > 0) {
        std::vector<std::unique_ptr<Way>> ways;
        ways.push_back(make_serialize(core, kFramesKept));
        ways.push_back(make_serialize_difference(core, kFramesKept));
        ways.push_back(make_full_copy(populated(tracked.memory), kFramesKept));
        ways.push_back(make(kFramesKept));
        std::vector<Cost> costs = measure(core, ways, length.rounds);
        if (draws_anew) {
            // In place of the other: one at a time resets what it keeps.
            ways.pop_back();
            ways.push_back(make_around(kFramesKept));
            costs.push_back(measure(core, ways, length.rounds).back());
        }
        report(costs, library, json);
    }
    return proven ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char** argv) {
    keep_output_outside();
    CLI::App app{"Rewinds an unmodified libretro core by checkpoints of its memory."};
    std::string core;
    std::string game;
    std::string json;
    Length length;
    app.add_option("--core", core, "the core's library")->required()->check(CLI::ExistingFile);
    app.add_option("--game", game, "what it plays")->required()->check(CLI::ExistingFile);
    app.add_option("--frames", length.frames, "frames to play")->check(CLI::Range(2, 100000));
    app.add_option("--rewind-after", length.rewind_after, "frame to rewind from, frame by frame")
        ->check(CLI::Range(1, 100000));
    app.add_option("--rewind", length.rewind, "frames to go back")->check(CLI::Range(1, 100000));
    app.add_option("--rounds", length.rounds, "rounds of measuring; 0: none");
    app.add_option("--json", json, "file for the measurements");
    InWindow in_window;
    CLI::Option* window = app.add_flag("--window", in_window.wanted,
                                       "play in a window, where Backspace goes back");
    app.add_option("--window-frames", in_window.frames, "close it after so many; 0: never")
        ->needs(window);
    CLI11_PARSE(app, argc, argv);
    try {
        return run(core, game, length, json, in_window);
    } catch (const std::exception& error) {
        std::fflush(stdout);
        fmt::print(stderr, "rewind: {}\n", error.what());
        return EXIT_FAILURE;
    }
}
