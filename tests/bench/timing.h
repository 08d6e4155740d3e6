// SPDX-License-Identifier: MIT
// Times, and whether they can be trusted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <sys/resource.h>
#include <utility>
#include <vector>

namespace bench {

inline double seconds_of(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
inline double now() {
    return seconds_of(CLOCK_MONOTONIC);
}

// How often this thread lost its processor to another one. A time during which
// that happened says more about the machine's other work than about ours.
inline long preemptions() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

struct Timing {
    double seconds = 0;
    bool disturbed = false;
};

// What was preempted is told in processor time, the next best thing.
template<class Work>
Timing time(Work&& work) {
    const double cpu_start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    const long before = preemptions();
    const double start = now();
    work();
    const double seconds = now() - start;
    if (preemptions() == before)
        return {seconds, false};
    return {seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu_start, true};
}

// The value below which `share` of the others lie.
inline double quantile(std::vector<double> values, double share) {
    if (values.empty())
        return 0;
    const auto last = static_cast<double>(values.size() - 1);
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(share * last + 0.5);
    std::nth_element(values.begin(), place, values.end());
    return *place;
}
inline double median(std::vector<double> values) {
    return quantile(std::move(values), 0.5);
}

// Repeated timings of one thing. Disturbed ones count only if there are no others.
class Repeated {
public:
    void add(Timing timing) { (timing.disturbed ? disturbed_ : clean_).push_back(timing.seconds); }
    std::size_t undisturbed() const { return clean_.size(); }
    double seconds() const { return median(clean_.empty() ? disturbed_ : clean_); }

private:
    std::vector<double> clean_;
    std::vector<double> disturbed_;
};

} // namespace bench
