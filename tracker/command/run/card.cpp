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
std::string grouped(std::uint64_t number) {
    return grouped(static_cast<double>(number));
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

class Table {
public:
    void head(const Comparison& all) {
        line("program", all.program);
        line("machine", machine());
        line("kernel", kernel());
        if (!all.wine.empty())
            line("Wine", all.wine);
        add("\n{:28}{:>14}{:>14}{:>12}\n", fmt::format("medians of {} rounds", all.ours.size()), "stock",
            "writewatch", "ratio");
    }
    template<class Of>
    void compare(const char* what, const Comparison& all, Of of, std::string (*show)(double)) {
        const double stock = median(all.stock, of);
        const double ours = median(all.ours, of);
        add("{:28}{:>14}{:>14}{:>12}\n", what, show(stock), show(ours),
            ours > 0 ? fmt::format("{:.2f} x", stock / ours) : "");
    }
    void ours(const char* what, const std::string& value, const std::string& stock) {
        add("{:28}{:>14}{:>14}\n", what, stock, value);
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
    const auto typical = [&](auto member) {
        return median(all.ours, [&](const Round& round) {
            return static_cast<double>(round.tally.*member);
        });
    };
    const double first_writes = typical(&Tally::first_writes);
    Table table;
    table.head(all);
    table.compare("time", all, [](const Round& r) { return r.ended.seconds; }, duration);
    table.compare("processor time", all, [](const Round& r) { return r.ended.processor_seconds; },
                  duration);
    table.ours("queries", grouped(typical(&Tally::queries)), "");
    table.ours("time in queries", duration(typical(&Tally::query_ns) / 1e9), "");
    table.ours("pages reported", grouped(typical(&Tally::pages)), "");
    table.compare("page faults", all,
                  [](const Round& r) { return static_cast<double>(r.ended.page_faults); }, grouped);
    table.ours("first writes, at least", grouped(first_writes), "");
    table.ours("signals for them", "0", "~" + grouped(first_writes));
    table.ours("mprotect calls for them", "0", "~" + grouped(first_writes + typical(&Tally::resets)));
    return fmt::format("writewatch " WW_VERSION "\n{}", table.text());
}

std::string summary_of(const Tally& tally, const Ended& ended) {
    if (tally.unreadable != 0)
        return "the program's libraries of writewatch are of another version than this command, which "
               "cannot read what they counted: use both of one";
    if (tally.watches == 0)
        return "nothing was watched: the program never asked for it, or could not be served (see "
               "writewatch doctor)";
    const double seconds = static_cast<double>(tally.query_ns) / 1e9;
    const double each = tally.queries > 0 ? seconds / static_cast<double>(tally.queries) : 0;
    return fmt::format(
        "{} queries of {} watches reported {} pages in {} ({} each); {} page faults, no signal: stock "
        "Wine's way takes {} signals and {} mprotect calls",
        grouped(tally.queries), grouped(tally.watches), grouped(tally.pages), duration(seconds),
        duration(each), grouped(static_cast<double>(ended.page_faults)), grouped(tally.first_writes),
        grouped(tally.first_writes + tally.resets));
}

} // namespace ww::command
