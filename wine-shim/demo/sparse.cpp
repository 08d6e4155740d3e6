// SPDX-License-Identifier: MIT
//
// How collectors use write watches on a large machine: reserve far more than
// will ever be needed, commit a little of it, write less.
#include "modes.h"
#include "region.h"
#include "report.h"
#include "stopwatch.h"

#include <map>

namespace {

constexpr size_t pages_a_gib = (size_t{1} << 30) / page_bytes;
constexpr size_t committed_pages = (size_t{64} << 20) / page_bytes;
constexpr size_t written_pages = 1000;
constexpr int rounds = 3;

using Samples = std::map<std::string, std::vector<double>>;

// Microseconds of one query with reset over all of it; found gets the answer.
double timed_query(const Region& region, std::vector<void*>& found) {
    found.resize(2 * written_pages);
    ULONG_PTR count = found.size();
    DWORD granularity;
    const Stopwatch stopwatch;
    must(GetWriteWatch(WRITE_WATCH_FLAG_RESET, region.base(), region.pages() * page_bytes,
                       found.data(), &count, &granularity) == 0,
         "GetWriteWatch");
    const double microseconds = stopwatch.microseconds();
    found.resize(count);
    return microseconds;
}

std::vector<void*> store_to_some(const Region& region) {
    std::vector<void*> stored;
    for (size_t i = 0; i < written_pages; ++i) {
        const size_t number = i * (committed_pages / written_pages);
        region.store({number});
        stored.push_back(region.page(number));
    }
    return stored;
}

// Whether both queries told the truth.
bool one_round(Region& region, Samples& samples) {
    region.commit(0, committed_pages);
    const std::vector<void*> stored = store_to_some(region);
    std::vector<void*> found;
    samples["query-us"].push_back(timed_query(region, found));
    const bool right = found == stored;
    samples["again-us"].push_back(timed_query(region, found));
    const Stopwatch stopwatch;
    region.release();
    samples["free-us"].push_back(stopwatch.microseconds());
    return right && found.empty();
}

} // namespace

void run_sparse(size_t gib) {
    Samples samples;
    bool right = true;
    for (int round = 0; round < rounds; ++round) {
        const Stopwatch stopwatch;
        Region region(gib * pages_a_gib, Region::watched_reserve);
        samples["reserve-us"].push_back(stopwatch.microseconds());
        if (region.base() == nullptr) {
            report_missing("sparse", "a reservation of " + std::to_string(gib) +
                                         " GiB is refused: " + error_name(GetLastError()));
            return;
        }
        right &= one_round(region, samples);
    }
    for (const auto& [name, values] : samples)
        report_measure("sparse." + name, median(values));
    report_scenario("1,000 pages of " + std::to_string(gib) + " GiB, then none", "right",
                    right ? "right" : "wrong pages");
}
