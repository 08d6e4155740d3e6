// SPDX-License-Identifier: MIT
// What is measured together: all peers of one situation take turns, so that a
// machine that becomes slower becomes slower for all of them. Google Benchmark
// then reports each peer's turns as the repetitions of one benchmark.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench {

// Medians by full name, "experiment/series".
using Medians = std::map<std::string, double>;

enum class Unit { seconds, bytes, count };

// Where an experiment leaves what it measured.
class Notes {
public:
    // One value for each round. By ending a name in "/ours" or "/PEER" a series
    // says what it is compared with.
    void add(const std::string& series, double value) { values_[series].push_back(value); }
    // This peer cannot do it, and why.
    void cannot(const std::string& series, const std::string& why) { reasons_[series] = why; }
    // The answer was not what had been written.
    void wrong(const std::string& series, const std::string& what);

    const std::vector<double>& values(const std::string& series) { return values_[series]; }
    const std::string& reason(const std::string& series) { return reasons_[series]; }
    bool all_right() const { return all_right_; }

private:
    std::map<std::string, std::vector<double>> values_;
    std::map<std::string, std::string> reasons_;
    bool all_right_ = true;
};

struct Experiment {
    std::string name;
    std::vector<std::string> series; // that it adds values to
    int rounds;                      // values of each
    std::function<void(Notes&)> run; // all rounds
    Unit unit = Unit::seconds;
};

using Experiments = std::vector<Experiment>;

struct Outcome {
    Medians medians;
    bool all_right = true;
};

// Runs what Google Benchmark's own options select; with `quiet` only its files
// are written.
Outcome run_experiments(const Experiments& experiments, bool quiet);

} // namespace bench
