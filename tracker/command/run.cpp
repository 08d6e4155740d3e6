// SPDX-License-Identifier: MIT
#include "capture.h"
#include "exit_status.h"
#include "failure.h"
#include "run/card.h"
#include "run/program.h"
#include "subcommand.h"
#include "text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>

namespace ww::command {

namespace {

struct Wish {
    bool stock = false;
    bool compare = false;
    unsigned rounds = 3;
    unsigned limit_seconds = 0;
    bool heap = false;
    std::string wine;
};

std::string limit_of(const Wish& wish) {
    return fmt::format("{} second{}", wish.limit_seconds, wish.limit_seconds == 1 ? "" : "s");
}

// The folder is gone before a signal may end us.
Ended run_and_tell(const Program& program, const Wish& wish) {
    const CountersFolder counters;
    Child child = prepare(program, wish.stock ? Way::stock : Way::writewatch, counters.path());
    child.limit = std::chrono::seconds{wish.limit_seconds};
    const Ended ended = run_child(std::move(child));
    if (ended.given_up)
        fmt::print(stderr, "writewatch: killed after {}\n", limit_of(wish));
    if (!wish.stock)
        fmt::print(stderr, "writewatch: {}\n", summary_of(counters.tally(), ended));
    return ended;
}

int run_once(const Program& program, const Wish& wish) {
    return end_as(run_and_tell(program, wish).wait_status);
}

// What a program says is only of interest if it fails.
Round run_round(const Program& program, Way way, const Wish& wish) {
    const CountersFolder counters;
    const std::filesystem::path said = counters.path() / "said";
    Child child = prepare(program, way, counters.path());
    child.limit = std::chrono::seconds{wish.limit_seconds};
    child.output_file = said;
    child.errors_file = said;
    Round round{run_child(std::move(child)), {}};
    if (round.ended.wait_status != 0) {
        fmt::print(stderr, "{}", contents_of(said));
        throw Failure(fmt::format(
            "{}, the program {}, so there is nothing to compare",
            way == Way::stock ? "without us" : "with us",
            round.ended.given_up
                ? fmt::format("was killed after {}", limit_of(wish))
                : fmt::format("ended with status {}", shell_status(round.ended.wait_status))));
    }
    std::filesystem::remove(said);
    round.tally = counters.tally();
    if (way == Way::stock && round.tally.by_scan != 0)
        throw Failure(
            "the program asks a library of ours that knows no WRITEWATCH_BACKEND=mprotect, and "
            "so runs the same both ways: there is nothing to compare");
    return round;
}

std::string version_of(const Program& program) {
    Environment environment;
    environment.set("WINEDEBUG", "-all");
    const Captured answer = capture({program.wine, "--version"}, environment, 10);
    return fmt::format("{} ({})", trimmed(answer.output), program.wine.native());
}

// Wine makes its prefix and starts its services at the first program: neither
// way shall pay for them.
void warm_up(const Program& program) {
    Child boot;
    boot.command = {program.wine, "wineboot"};
    boot.environment.set("WRITEWATCH", "off");
    boot.output_file = boot.errors_file = "/dev/null";
    run_child(std::move(boot));
}

int compare(const Program& program, const std::vector<std::string>& words, const Wish& wish) {
    Comparison all{fmt::format("{}", fmt::join(words, " ")), {}, {}, {}};
    if (!program.wine.empty()) {
        all.wine = version_of(program);
        warm_up(program);
    }
    // In turns: whatever else the machine does hits both.
    for (unsigned round = 0; round < wish.rounds; ++round) {
        all.stock.push_back(run_round(program, Way::stock, wish));
        all.ours.push_back(run_round(program, Way::writewatch, wish));
    }
    fmt::print("{}", card_of(all));
    if (all.ours.back().tally.watches == 0)
        throw Failure(summary_of(all.ours.back().tally, all.ours.back().ended));
    return kDone;
}

} // namespace

Run set_up_run(CLI::App& app) {
    auto wish = std::make_shared<Wish>();
    auto* stock = app.add_flag(
        "--stock", wish->stock,
        "Run it without us, as it always ran; if it asks our library itself, by mprotect");
    auto* both = app.add_flag("--compare", wish->compare,
                              "Run it both ways, in turns, and print one card of both");
    both->excludes(stock);
    app.add_option("--rounds", wish->rounds, "How often each way runs; 3 if not given")
        ->type_name("N")
        ->check(CLI::Range(1, 1000))
        ->needs(both);
    app.add_option("--limit", wish->limit_seconds, "Kill the program after so many seconds")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 1000000));
    app.add_flag(
        "--heap", wish->heap,
        "Watch the whole heap of a native program, for writewatch top and record to look at");
    app.add_option("--wine", wish->wine,
                   "The Wine that runs a Windows program: the path of its loader")
        ->type_name("PATH")
        ->check(CLI::ExistingFile);
    app.footer(
        "A Windows program is run by Wine with the writewatch plugin; anything else is started as "
        "it is, "
        "with the plugin for a Wine that it may start. When it ends, one line on stderr says how "
        "many "
        "queries it made, what they reported and cost, and what Wine would have needed without us: "
        "one "
        "signal and one mprotect call for the first write to each page, and one a reset.\n\n"
        "With --compare, what the program prints is shown only if it fails. Times include the "
        "program's start. A program that asks our library itself is compared with the library's "
        "other "
        "way, WRITEWATCH_BACKEND=mprotect.\n\n"
        "Exit status: the program's; if a signal ended it, the same signal ends this. 127 if there "
        "is no "
        "such program, 126 if it cannot be started, 2 for a wrong command line. With --compare 0, "
        "or 1 if "
        "the program failed or watched nothing.");
    return [wish, &app] {
        const std::vector<std::string> words = program_of(app);
        const Program program = find_program(words, wish->wine, wish->heap);
        return wish->compare ? compare(program, words, *wish) : run_once(program, *wish);
    };
}

} // namespace ww::command
