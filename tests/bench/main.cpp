// SPDX-License-Identifier: MIT
// Benchmarks: this project's tracker beside what else there is, in one process
// and one run. Takes Google Benchmark's options, and --smoke or --brief for less
// than the full grid.
#include "machine.h"
#include "questions.h"
#include "targets.h"

#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <writewatch/writewatch.h>

namespace {

using bench::Experiments;
using bench::Scale;

std::optional<Scale> scale_of(int argc, char** argv) {
    if (argc == 1)
        return Scale::full;
    const std::string_view option = argv[1];
    if (argc == 2 && option == "--smoke")
        return Scale::smoke;
    if (argc == 2 && option == "--brief")
        return Scale::brief;
    return std::nullopt;
}

Experiments experiments(Scale scale) {
    Experiments all;
    for (const auto question :
         {bench::collect_grid, bench::any_written, bench::half_touched, bench::first_touch,
          bench::sparse, bench::pauses, bench::small_watches, bench::hot_frames, bench::expansion,
          bench::lookups}) {
        for (bench::Experiment& experiment : question(scale))
            all.push_back(std::move(experiment));
    }
    return all;
}

// Where the kernel lacks what all of this is about there is nothing to measure.
int skip(const char* reason) {
    constexpr int kSkipped = 77; // as meson understands it
    std::printf("skipped: %s\n", reason);
    const char* no_skip = std::getenv("WW_NO_SKIP");
    return no_skip != nullptr && std::string_view{no_skip} == "1" ? EXIT_FAILURE : kSkipped;
}

void introduce() {
    for (const auto& [what, value] : bench::machine()) {
        std::printf("%s: %s\n", what.c_str(), value.c_str());
        benchmark::AddCustomContext(what, value);
    }
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    const std::optional<Scale> scale = scale_of(argc, argv);
    if (!scale) {
        std::fprintf(stderr, "usage: %s [--smoke | --brief] [--benchmark_...]\n", argv[0]);
        return 2;
    }
    char reason[WW_REASON_BYTES];
    if (ww_probe(reason, sizeof reason) == WW_BACKEND_NONE)
        return skip(reason);
    introduce();
    const Experiments all = experiments(*scale);
    const bench::Outcome outcome = bench::run_experiments(all, *scale != Scale::full);
    if (*scale == Scale::smoke)
        std::printf("a smoke run: too little of everything for the ratios to mean anything\n");
    bench::print_targets(outcome.medians);
    return outcome.all_right ? EXIT_SUCCESS : EXIT_FAILURE;
}
