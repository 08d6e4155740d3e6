// SPDX-License-Identifier: MIT
#include "failure.h"
#include "live/format.h"
#include "subcommand.h"
#include "top/screen.h"
#include "top/table.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <thread>
#include <unistd.h>

namespace ww::command {

namespace {

struct Wanted {
    std::string target;
    std::string sort = "process";
    double interval = 0.5;
    int count = 0;
    int width = 0;
    bool once = false;
    bool overlay = false;
    bool ascii = false;
};

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Monitor make_monitor(const std::string& target) {
    if (target.empty())
        return Monitor{std::string{}};
    std::vector<Target> targets;
    if (is_number(target)) {
        targets.push_back(Target::open(std::atoi(target.c_str())));
        return Monitor{std::move(targets)};
    }
    for (const int pid : watching_processes(target)) {
        if (std::optional<Target> found = Target::try_open(pid))
            targets.push_back(std::move(*found));
    }
    if (targets.empty())
        throw Failure(fmt::format("no process named \"{}\" that you may look into watches memory",
                                  target));
    return Monitor{std::move(targets)};
}

void print_table(const Monitor& monitor, const Wanted& wanted) {
    const bool blocks = !wanted.ascii && can_show_blocks();
    fmt::print("{}\n{}MAP\n", summary(monitor.overview()), table_head());
    for (const WatchRow& row : sorted(monitor.rows(), wanted.sort))
        fmt::print("{}{}\n", table_row(row), heat_strip(row.heat, blocks));
}

// Prints until there is nothing left to look at, or often enough.
int print(Monitor monitor, const Wanted& wanted) {
    const auto cells = static_cast<std::size_t>(wanted.width);
    const std::chrono::duration<double> interval{wanted.interval};
    monitor.look(cells);
    for (int printed = 0; wanted.count == 0 || printed < wanted.count; ++printed) {
        std::this_thread::sleep_for(interval);
        monitor.look(cells);
        if (monitor.all_ended())
            return kDone;
        if (wanted.overlay)
            fmt::print("{}\n", overlay_line(monitor.overview()));
        else
            print_table(monitor, wanted);
        if (std::fflush(stdout) != 0)
            throw Failure("what was to be printed could not be written");
    }
    return kDone;
}

int watch(Wanted wanted) {
    if (wanted.overlay && wanted.interval == 0)
        wanted.interval = 1;
    else if (wanted.interval == 0)
        wanted.interval = 0.5;
    if (wanted.once)
        wanted.count = 1;
    Monitor monitor = make_monitor(wanted.target);
    if (wanted.overlay || wanted.count != 0)
        return print(std::move(monitor), wanted);
    show_screen(monitor, {wanted.sort, wanted.interval, !wanted.ascii && can_show_blocks()});
    return kDone;
}

} // namespace

Run set_up_top(CLI::App& app) {
    auto wanted = std::make_shared<Wanted>();
    wanted->interval = 0;
    wanted->width = 40;
    app.add_option("target", wanted->target,
                   "Number or name of a process; without it all that watch something");
    app.add_flag("--once", wanted->once, "Print the table once, as text, for scripts");
    app.add_option("--count", wanted->count, "Print it so many times, then end")
        ->check(CLI::Range(1, 1'000'000'000));
    app.add_flag("--overlay", wanted->overlay,
                 "Print one short line a second, for an overlay (with --once: one line)");
    app.add_option("--interval", wanted->interval,
                   "Seconds between two looks; 0.5 if not given, with --overlay 1")
        ->check(CLI::Range(0.05, 3600.0));
    std::vector<std::string> keys;
    for (const SortKey& key : kSortKeys)
        keys.emplace_back(key.name);
    app.add_option("--sort", wanted->sort, "What comes first: the largest of this")
        ->check(CLI::IsMember(keys));
    app.add_option("--width", wanted->width, "Columns of the map in printed tables")
        ->check(CLI::Range(1, 500));
    app.add_flag("--ascii", wanted->ascii, "Draw maps with ASCII characters");
    app.footer("Looks from outside, resets nothing and stops nobody; takes the right to read the\n"
               "process, as for your own. Keys: h for help.\n"
               "MAP: nothing there, clean, and from little to all of it written, lately.");
    return [wanted] { return watch(*wanted); };
}

} // namespace ww::command
