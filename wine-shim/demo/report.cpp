// SPDX-License-Identifier: MIT
#include "report.h"

#include <algorithm>
#include <cstdio>

namespace {

// Flushed at once: some scenarios end the process abruptly, or hang it.
void print_line(const std::string& line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

} // namespace

void report_scenario(const std::string& name, const std::string& expected,
                     const std::string& observed) {
    print_line("scenario\t" + name + "\t" + expected + "\t" + observed + "\t" +
               (observed == expected ? "ok" : "wrong"));
}

void report_measure(const std::string& key, double value) {
    print_line("measure\t" + key + "\t" + std::to_string(value));
}

void report_missing(const std::string& key, const std::string& why) {
    print_line("missing\t" + key + "\t" + why);
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}
