// SPDX-License-Identifier: MIT
#include "card.h"

#include "../text.h"

#include <writewatch/writewatch.h>

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace ww::command {

namespace {

template<class Of>
double median(const std::vector<Round>& rounds, Of of) {
    std::vector<double> values;
    std::ranges::transform(rounds, std::back_inserter(values), of);
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// 1234567 as "1,234,567".
std::string grouped(double number) {
    std::string digits = fmt::format("{:.0f}", number);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}
// "1 page", "1,000 pages".
std::string counted(std::uint64_t number, const char* one, const char* more) {
    return grouped(static_cast<double>(number)) + " " + (number == 1 ? one : more);
}

std::string duration(double seconds) {
    if (seconds >= 1)
        return fmt::format("{:.2f} s", seconds);
    if (seconds >= 1e-3)
        return fmt::format("{:.2f} ms", seconds * 1e3);
    return fmt::format("{:.2f} us", seconds * 1e6);
}

std::string processor() {
    std::string cpus = contents_of("/proc/cpuinfo");
    std::string_view name = value_of(cpus, "model name");
    name.remove_prefix(std::min(name.find_first_not_of("\t :"), name.size()));
    return name.empty() ? "unknown processor" : std::string{name};
}

std::string machine() {
    const double gib = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 30);
    const std::string load = contents_of("/proc/loadavg");
    return fmt::format("{}, {} CPUs, {:.0f} GiB, load {}", processor(),
                       std::thread::hardware_concurrency(), gib, load.substr(0, load.find(' ')));
}

std::string kernel() {
    utsname system{};
    ::uname(&system);
    return fmt::format("{} {} {}, back end {}", system.sysname, system.release, system.machine,
                       ww_backend_name(ww_probe(nullptr, 0)));
}

// A program that asks our library itself is answered without the kernel's help,
// for comparison.
bool counted_by_mprotect(const Comparison& all) {
    return all.stock.front().tally.watches != 0;
}

class Table {
public:
    void head(const Comparison& all) {
        line("program", all.program);
        line("machine", machine());
        line("kernel", kernel());
        if (!all.wine.empty())
            line("Wine", all.wine);
        add("\n{:28}{:>14}{:>14}{:>12}\n",
            all.ours.size() == 1 ? "one round"
                                 : fmt::format("medians of {} rounds", all.ours.size()),
            counted_by_mprotect(all) ? "by mprotect" : "stock", "writewatch", "ratio");
    }
    template<class Of>
    void compare(const char* what, const Comparison& all, Of of, std::string (*show)(double)) {
        const double stock = median(all.stock, of);
        const double ours = median(all.ours, of);
        add("{:28}{:>14}{:>14}{:>12}\n", what, show(stock), show(ours),
            ours > 0 ? fmt::format("{:.2f} x", stock / ours) : "");
    }
    void row(const char* what, const std::string& stock, const std::string& ours) {
        add("{:28}{:>14}{:>14}\n", what, stock, ours);
    }
    std::string text() const { return text_; }

private:
    template<class... Values>
    void add(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
    }
    void line(const char* what, const std::string& value) { add("{:9} {}\n", what, value); }

    std::string text_;
};

} // namespace

std::string card_of(const Comparison& all) {
    const auto typical = [](const std::vector<Round>& rounds, auto member) {
        return median(rounds,
                      [&](const Round& round) { return static_cast<double>(round.tally.*member); });
    };
    const double first_writes = typical(all.ours, &Tally::first_writes);
    const double resets = typical(all.ours, &Tally::resets);
    Table table;
    table.head(all);
    table.compare(
        "time", all, [](const Round& r) { return r.ended.seconds; }, duration);
    table.compare(
        "processor time", all, [](const Round& r) { return r.ended.processor_seconds; }, duration);
    const auto row = [&](const char* what, std::uint64_t Tally::*member,
                             std::string (*show)(double)) {
        table.row(what, counted_by_mprotect(all) ? show(typical(all.stock, member)) : "",
                  show(typical(all.ours, member)));
    };
    row("queries", &Tally::queries, grouped);
    row("time in queries", &Tally::query_ns, [](double ns) { return duration(ns / 1e9); });
    row("pages reported", &Tally::pages, grouped);
    const auto faults = [](const Round& r) { return static_cast<double>(r.ended.page_faults); };
    table.row("page faults without signal", grouped(median(all.stock, faults)),
              grouped(median(all.ours, faults)));
    table.row("first writes, at least", "", grouped(first_writes));
    table.row("signals for them", "~" + grouped(first_writes), "0");
    table.row("mprotect calls for them", "~" + grouped(first_writes + resets), "0");
    return fmt::format("writewatch " WW_VERSION "\n{}", table.text());
}

std::string summary_of(const Tally& tally, const Ended& ended) {
    if (tally.unreadable != 0)
        return "the program's libraries of writewatch are of another version than this command, "
               "which "
               "cannot read what they counted: use both of one";
    if (tally.watches == 0)
        return "nothing was watched: the program never asked for it, or could not be served (see "
               "writewatch doctor)";
    const std::string watches = counted(tally.watches, "watch", "watches");
    if (tally.queries == 0)
        return fmt::format("{}, but no query: nobody asked what was written (writewatch top and "
                           "record show it)",
                           watches);
    const double seconds = static_cast<double>(tally.query_ns) / 1e9;
    return fmt::format("{} of {} reported {} in {} ({} each); {} without a signal, where stock "
                       "Wine's way takes {} and {}",
                       counted(tally.queries, "query", "queries"), watches,
                       counted(tally.pages, "page", "pages"), duration(seconds),
                       duration(seconds / static_cast<double>(tally.queries)),
                       counted(static_cast<std::uint64_t>(ended.page_faults), "page fault",
                               "page faults"),
                       counted(tally.first_writes, "signal", "signals"),
                       counted(tally.first_writes + tally.resets, "mprotect call",
                               "mprotect calls"));
}

} // namespace ww::command
