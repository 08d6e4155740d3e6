// SPDX-License-Identifier: MIT
#include "failure.h"
#include "live/format.h"
#include "subcommand.h"
#include "top/screen.h"
#include "top/table.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <sys/ioctl.h>
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

Monitor make_monitor(const std::string& target) {
    if (target.empty())
        return Monitor{std::string{}};
    std::vector<Target> targets;
    if (const std::optional<int> pid = process_number(target)) {
        targets.push_back(Target::open(*pid));
        return Monitor{std::move(targets)};
    }
    const std::vector<int> named = processes_named(target);
    if (named.empty())
        throw Failure(fmt::format("there is no process named \"{}\"", target));
    for (const int pid : named) {
        if (std::optional<Target> found = Target::try_open(pid))
            targets.push_back(std::move(*found));
    }
    if (targets.empty()) // the first says why
        targets.push_back(Target::open(named.front()));
    return Monitor{std::move(targets)};
}

// What the table's lines have room for, and the map of it. On a terminal they fit.
struct Layout {
    Table table = Table::with_all_columns();
    int map = 40;

    explicit Layout(const Wanted& wanted) {
        winsize terminal{};
        if (wanted.width != 0) {
            map = wanted.width;
        } else if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &terminal) == 0 && terminal.ws_col != 0) {
            table = Table{terminal.ws_col};
            map = std::max(terminal.ws_col - table.width(), 1);
        }
    }
};

void print_table(const Monitor& monitor, const Table& table, const Wanted& wanted) {
    const bool blocks = !wanted.ascii && can_show_blocks();
    fmt::print("{}: {}\n{}MAP\n", extent_of(monitor.overview()), summary(monitor.overview()),
               table.head());
    for (const WatchRow& row : sorted(monitor.rows(), wanted.sort))
        fmt::print("{}{}\n", table.row(row), heat_strip(row.heat, blocks));
    if (monitor.rows().empty())
        fmt::print("{}\n", kNothing);
}

// Prints until there is nothing left to look at, or often enough.
int print(Monitor monitor, const Wanted& wanted) {
    const Layout layout{wanted};
    const auto parts = static_cast<std::size_t>(layout.map);
    const std::chrono::duration<double> interval{wanted.interval};
    monitor.look(parts);
    for (int printed = 0; wanted.count == 0 || printed < wanted.count; ++printed) {
        std::this_thread::sleep_for(interval);
        monitor.look(parts);
        if (monitor.all_ended())
            return kDone;
        if (wanted.overlay)
            fmt::print("{}\n", overlay_line(monitor.overview()));
        else
            print_table(monitor, layout.table, wanted);
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
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
    app.add_option("PROCESS", wanted->target,
                   "Number or name of a process; without it all that watch something")
        ->type_name("");
    app.add_flag("--once", wanted->once, "Print the table once, as text, for scripts");
    app.add_option("--count", wanted->count, "Print it so many times, then end")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000'000));
    app.add_flag("--overlay", wanted->overlay,
                 "Print one short line a second, for MangoHud and the like");
    app.add_option("--interval", wanted->interval,
                   "Time between two looks; 0.5 if not given, with --overlay 1")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.05, 3600.0));
    std::vector<std::string> keys;
    for (const SortKey& key : kSortKeys)
        keys.emplace_back(key.name);
    app.add_option("--sort", wanted->sort, fmt::format("What comes first, the largest of it: {}; \"process\" if not given",
                               fmt::join(keys, ", ")))
        ->type_name("WHAT")
        ->check(CLI::IsMember(keys));
    app.add_option("--width", wanted->width, "Columns of the map in printed tables; 40, or what the terminal has room for, if not "
                   "given")
        ->type_name("N")
        ->check(CLI::Range(1, 500));
    app.add_flag("--ascii", wanted->ascii, "Draw maps with ASCII characters");
    app.footer(
        "Looks from outside: it resets nothing and stops nobody. It needs the right to read the "
        "process: yours may be looked at, those of others with sudo.\n\n"
        "SIZE is what is watched, COMMITTED what of it has contents, WRITTEN what was written since "
        "the program reset it last, WRITTEN/s what is written anew. COST is the time of a query, "
        "CPU the share of a core that all queries take. MAP is the memory that is in use, from its "
        "first address to its last: blank where nothing is, and from clean to all written lately. "
        "Where the terminal is narrow, the less important columns go. Keys: h for help.\n\n"
        "In MangoHud's configuration: custom_text=writewatch and exec=writewatch top NAME --overlay "
        "--once.\n\n"
        "Exit status: 0, also when what was looked at ended; 1 if it cannot be looked at, 2 for a "
        "wrong command line.");
    return [wanted] { return watch(*wanted); };
}

} // namespace ww::command
