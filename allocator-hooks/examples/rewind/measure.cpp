// SPDX-License-Identifier: MIT
#include "measure.h"

#include "proof.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <unistd.h>

namespace rewind_example {

namespace {

constexpr std::size_t kFramesInTurn = 40;
constexpr std::size_t kFramesToSettle = 8; // not counted: pages that others left armed

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

template<class Work>
double microseconds(Work work) {
    const auto began = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began)
        .count();
}

struct Samples {
    std::vector<double> keep;
    std::vector<double> frame;
};

void take_turn(Core& core, Way* way, std::size_t& frame, Samples& samples) {
    for (std::size_t i = 0; i < kFramesInTurn; ++i, ++frame) {
        const double ran = microseconds([&] { core.run(buttons_of(frame)); });
        const double kept = way == nullptr ? 0 : microseconds([&] { way->keep(); });
        if (i < kFramesToSettle)
            continue;
        samples.frame.push_back(ran);
        samples.keep.push_back(kept);
    }
}

} // namespace

std::vector<Cost> measure(Core& core, const std::vector<std::unique_ptr<Way>>& ways,
                          std::size_t rounds) {
    std::vector<Samples> samples(ways.size() + 1);
    std::size_t frame = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < samples.size(); ++i)
            take_turn(core, i == 0 ? nullptr : ways[i - 1].get(), frame, samples[i]);
    }
    std::vector<Cost> costs;
    const double alone = median(samples[0].frame);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        Cost cost;
        cost.way = i == 0 ? "nothing kept" : ways[i - 1]->name();
        cost.keep_us = median(samples[i].keep);
        cost.frame_us = median(samples[i].frame);
        cost.extra_us = cost.keep_us + cost.frame_us - alone;
        if (i > 0)
            cost.bytes_a_frame = static_cast<double>(ways[i - 1]->bytes_kept()) /
                                 static_cast<double>(ways[i - 1]->frames_kept());
        costs.push_back(cost);
    }
    return costs;
}

void report(const std::vector<Cost>& costs, const std::string& core, const std::string& json) {
    fmt::print("{:<24}{:>12}{:>12}{:>12}{:>16}\n", "microseconds a frame", "keep", "the frame",
               "extra", "bytes kept");
    for (const Cost& cost : costs)
        fmt::print("{:<24}{:>12.1f}{:>12.1f}{:>12.1f}{:>16.0f}\n", cost.way, cost.keep_us,
                   cost.frame_us, cost.extra_us, cost.bytes_a_frame);
    if (json.empty())
        return;
    nlohmann::json rows = nlohmann::json::array();
    for (const Cost& cost : costs)
        rows.push_back({{"way", cost.way},
                        {"keep_us", cost.keep_us},
                        {"frame_us", cost.frame_us},
                        {"extra_us", cost.extra_us},
                        {"bytes_a_frame", cost.bytes_a_frame}});
    const std::string name = std::filesystem::path{core}.stem();
    std::ofstream{json} << nlohmann::json{{"core", name}, {"costs", rows}}.dump(2) << '\n';
}

std::vector<ww_range> populated(const std::vector<ww_range>& ranges) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<ww_range> parts;
    for (const ww_range& range : ranges) {
        std::vector<unsigned char> present(range.bytes / page);
        if (::mincore(range.base, range.bytes, present.data()) != 0)
            continue;
        for (std::size_t first = 0; first < present.size(); ++first) {
            std::size_t end = first;
            while (end < present.size() && (present[end] & 1) != 0)
                ++end;
            if (end > first)
                parts.push_back(
                    {static_cast<char*>(range.base) + first * page, (end - first) * page});
            first = end;
        }
    }
    return parts;
}

} // namespace rewind_example
