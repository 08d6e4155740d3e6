// SPDX-License-Identifier: MIT
#include "experiment.h"

#include "timing.h"

#include <benchmark/benchmark.h>
#include <cstdio>
#include <memory>
#include <new>

namespace bench {

void Notes::wrong(const std::string& series, const std::string& what) {
    if (all_right_)
        std::fprintf(stderr, "WRONG ANSWER: %s: %s\n", series.c_str(), what.c_str());
    all_right_ = false;
    cannot(series, "wrong answer: " + what);
}

namespace {

// Runs when the first of its series is asked for, then answers for all.
class Run {
public:
    explicit Run(const Experiment& experiment) : experiment_(experiment) {}

    Notes& notes() {
        if (!started_) {
            started_ = true;
            measure();
        }
        return notes_;
    }
    bool started() const { return started_; }
    const Experiment& experiment() const { return experiment_; }

private:
    void measure() {
        try {
            experiment_.run(notes_);
        } catch (const std::bad_alloc&) {
            for (const std::string& series : experiment_.series)
                notes_.cannot(series, "not enough memory");
        }
    }

    const Experiment& experiment_;
    Notes notes_;
    bool started_ = false;
};

// Repetition n of a series reports the value of round n.
void report(benchmark::State& state, Run& run, const std::string& series, std::size_t round) {
    const std::vector<double>& values = run.notes().values(series);
    if (round >= values.size()) {
        const std::string& why = run.notes().reason(series);
        state.SkipWithError(why.empty() ? "not measured" : why.c_str());
        return;
    }
    const bool is_time = run.experiment().unit == Unit::seconds;
    for (auto _ : state)
        state.SetIterationTime(is_time ? values[round] : 0);
    if (!is_time)
        state.counters[run.experiment().unit == Unit::bytes ? "bytes" : "count"] = values[round];
}

void register_series(Run& run, const std::string& series) {
    const std::string name = run.experiment().name + "/" + series;
    benchmark::RegisterBenchmark(name.c_str(),
                                 [&run, series, round = std::size_t{0}](auto& state) mutable {
                                     report(state, run, series, round++);
                                 })
        ->Iterations(1)
        ->Repetitions(run.experiment().rounds)
        ->UseManualTime()
        ->ReportAggregatesOnly(true)
        ->ComputeStatistics("min", [](const auto& values) { return quantile(values, 0); })
        ->ComputeStatistics("max", [](const auto& values) { return quantile(values, 1); })
        ->Unit(benchmark::kMicrosecond);
}

class Silent : public benchmark::BenchmarkReporter {
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>&) override {}
};

void gather(Run& run, Outcome& outcome) {
    if (!run.started())
        return;
    outcome.all_right &= run.notes().all_right();
    for (const std::string& series : run.experiment().series) {
        if (!run.notes().values(series).empty())
            outcome.medians[run.experiment().name + "/" + series] =
                median(run.notes().values(series));
    }
}

} // namespace

Outcome run_experiments(const Experiments& experiments, bool quiet) {
    std::vector<std::unique_ptr<Run>> runs;
    for (const Experiment& experiment : experiments) {
        runs.push_back(std::make_unique<Run>(experiment));
        for (const std::string& series : experiment.series)
            register_series(*runs.back(), series);
    }
    Silent silent;
    if (quiet)
        benchmark::RunSpecifiedBenchmarks(&silent);
    else
        benchmark::RunSpecifiedBenchmarks();
    Outcome outcome;
    for (const auto& run : runs)
        gather(*run, outcome);
    return outcome;
}

} // namespace bench
