// SPDX-License-Identifier: MIT
#include "failure.h"
#include "live/format.h"
#include "live/monitor.h"
#include "record/family.h"
#include "record/recorder.h"
#include "subcommand.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <thread>

namespace ww::command {

namespace {

struct Wanted {
    std::vector<std::string> words; // a process, or a program and its arguments
    std::string output = "writewatch.wwr";
    double interval = 0.05;
    double seconds = 0;
    bool heap = false;
    std::size_t cells = 512;
};

volatile std::sig_atomic_t g_stop = 0;

void stop_at(std::initializer_list<int> signals) {
    for (const int signal : signals) {
        struct sigaction action {};
        action.sa_handler = [](int) { g_stop = 1; };
        ::sigaction(signal, &action, nullptr);
    }
}

// With the right library.
std::vector<std::string> to_run(const Wanted& wanted) {
    std::vector<std::string> command{"/proc/self/exe", "run"};
    if (wanted.heap)
        command.emplace_back("--heap");
    command.emplace_back("--");
    command.insert(command.end(), wanted.words.begin(), wanted.words.end());
    return command;
}

class Session {
public:
    explicit Session(const Wanted& wanted)
        : wanted_(wanted), interval_ns_(static_cast<std::uint64_t>(wanted.interval * 1e9)) {}

    int record_process(int pid) {
        targets_.push_back(Target::open(pid));
        open();
        ::signal(SIGXFSZ, SIG_IGN);
        stop_at({SIGINT, SIGTERM, SIGHUP});
        while (g_stop == 0 && !is_over() && recorder_->look(targets_)) {
            look_again();
            pause();
        }
        finish(kFailed);
        return kDone;
    }

    // Ends with the program, and with its status. Ctrl-C is for the program.
    int record_program() {
        open();
        Family family{to_run(wanted_)}; // before: it would inherit what we ignore
        ::signal(SIGINT, SIG_IGN);
        ::signal(SIGXFSZ, SIG_IGN); // to be told by an error
        stop_at({SIGTERM, SIGHUP});
        std::optional<int> status;
        bool failure = false;
        while (!(status = family.status())) {
            if (g_stop != 0 || is_over())
                family.terminate();
            if (!failure)
                failure = try_look(family);
            pause();
        }
        if (failure)
            return *status == kDone ? kFailed : *status;
        finish(*status == kDone ? kFailed : *status);
        return *status;
    }

private:
    // True if no more can be recorded: it is said at once, and the program goes on.
    bool try_look(const Family& family) {
        try {
            find_in(family);
            if (!targets_.empty())
                recorder_->look(targets_);
            return false;
        } catch (const Failure& failure) {
            fmt::print(stderr, "writewatch: {}; what was recorded until now is there\n",
                       failure.what());
            return true;
        }
    }

    void open() { recorder_.emplace(wanted_.output, interval_ns_, wanted_.cells); }

    bool is_over() const {
        return wanted_.seconds > 0 &&
               static_cast<double>(recorder_->duration_ns()) / 1e9 >= wanted_.seconds;
    }

    // At each look until something is found: programs may be short.
    bool is_time_to_search() {
        constexpr std::uint64_t kEvery = 250'000'000;
        const std::uint64_t now = monotonic_ns();
        if (!targets_.empty() && now - searched_ns_ < kEvery)
            return false;
        searched_ns_ = now;
        return true;
    }

    void look_again() {
        if (!is_time_to_search())
            return;
        for (Target& target : targets_)
            target.look_again();
    }

    void find_in(const Family& family) {
        if (!is_time_to_search())
            return;
        for (const int pid : family.members()) {
            const auto known = std::ranges::find(targets_, pid, &Target::pid);
            if (known != targets_.end())
                known->look_again();
            else if (std::optional<Target> found = Target::try_open(pid))
                targets_.push_back(std::move(*found));
        }
    }

    // Looks that take long are made seldom: a tenth of the time at most.
    void pause() {
        constexpr std::uint64_t kShare = 10;
        const std::uint64_t since = monotonic_ns() - paused_ns_;
        const std::uint64_t rest = since < interval_ns_ ? interval_ns_ - since : 0;
        const std::uint64_t spent = own_cpu_ns() - spent_ns_;
        const std::uint64_t least = std::min(spent * (kShare - 1), 10 * interval_ns_);
        std::this_thread::sleep_for(std::chrono::nanoseconds{std::max(rest, least)});
        paused_ns_ = monotonic_ns();
        spent_ns_ = own_cpu_ns();
    }

    void finish(int status_without_samples) {
        recorder_->finish();
        if (recorder_->watches() == 0)
            throw Failure("nothing was watched while it ran, so there is no recording (see writewatch "
                          "doctor)",
                          status_without_samples);
        const double seconds = static_cast<double>(recorder_->duration_ns()) / 1e9;
        const RecordingCost cost = recorder_->cost();
        fmt::print(stderr,
                   "writewatch: {} ({}) has {} look{} at {} watch{} in {:.1f} s, which took {} of a "
                   "core and {} at most\n",
                   wanted_.output, short_bytes(static_cast<double>(recorder_->file_bytes())),
                   recorder_->samples(), recorder_->samples() == 1 ? "" : "s",
                   recorder_->watches(), recorder_->watches() == 1 ? "" : "es", seconds,
                   short_percent(seconds > 0 ? static_cast<double>(cost.cpu_ns) / 1e9 / seconds : 0),
                   short_time(static_cast<double>(cost.longest_look_ns)));
    }

    const Wanted& wanted_;
    std::uint64_t interval_ns_;
    std::uint64_t searched_ns_ = 0;
    std::uint64_t paused_ns_ = monotonic_ns();
    std::uint64_t spent_ns_ = own_cpu_ns(); // when it paused
    std::vector<Target> targets_;
    std::optional<Recorder> recorder_;
};

int record(const Wanted& wanted) {
    // A number alone is a process.
    const std::optional<int> pid =
        wanted.words.size() == 1 ? process_number(wanted.words.front()) : std::nullopt;
    if (pid && wanted.heap)
        throw Failure("--heap is for programs that are started here, and not for a process", kUsage);
    Session session{wanted};
    return pid ? session.record_process(*pid) : session.record_program();
}

} // namespace

Run set_up_record(CLI::App& app) {
    auto wanted = std::make_shared<Wanted>();
    app.add_option("-o,--output", wanted->output,
                   fmt::format("The file to write; {} if not given", wanted->output))
        ->type_name("FILE");
    app.add_option("--interval", wanted->interval,
                   fmt::format("Time between two looks; {} if not given", wanted->interval))
        ->type_name("SECONDS")
        ->check(CLI::Range(0.001, 3600.0));
    app.add_option("--seconds", wanted->seconds, "Stop after so long; the program is ended then")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 1e6));
    app.add_option("--cells", wanted->cells, fmt::format("Parts in which each watch is recorded; {} if not given", wanted->cells))
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, kMostCells));
    app.add_flag("--heap", wanted->heap, "Watch the whole heap of a native program, as run does");
    app.footer("A process is recorded until it ends, or until Ctrl-C. A program is started as by "
               "writewatch run, and recorded with all that it starts; Ctrl-C is for the program. "
               "See the recording with writewatch report FILE.\n\n"
               "It looks from outside: it resets nothing and stops nobody. Looks that take long are "
               "made more seldom, so that they take a tenth of a core at most; at the end one line on "
               "stderr says what they took.\n\n"
               "Exit status: the program's, or 0 for a process; 1 if nothing was watched or the file "
               "cannot be written, 2 for a wrong command line.");
    return [wanted, &app] {
        wanted->words = program_of(app);
        if (wanted->words.empty())
            throw Failure("record needs the number of a process, or -- and a program", kUsage);
        return record(*wanted);
    };
}

} // namespace ww::command
