// SPDX-License-Identifier: MIT
#include "live/format.h"

#include <algorithm>
#include <array>
#include <clocale>
#include <cstring>
#include <fmt/format.h>
#include <langinfo.h>

namespace ww::command {

namespace {

// Three significant digits at most: "9.9", "12".
std::string digits(double number) {
    if (number == 0)
        return "0";
    return number < 9.95 ? fmt::format("{:.1f}", number) : fmt::format("{:.0f}", number);
}

std::string scaled(double number, double step, std::span<const char* const> units) {
    std::size_t unit = 0;
    for (; unit + 1 < units.size() && number >= step * 0.9995; ++unit)
        number /= step;
    const bool whole = unit == 0 && number == static_cast<double>(static_cast<long>(number));
    return (whole ? fmt::format("{:.0f}", number) : digits(number)) + units[unit];
}

// One for each step.
constexpr std::array kBlocks{" ", "\u00b7", "\u2591", "\u2592", "\u2593", "\u2588"};
constexpr std::array kLetters{" ", ".", "-", "+", "*", "#"};

} // namespace

std::string short_bytes(double bytes) {
    constexpr std::array kUnits{"", "K", "M", "G", "T", "P"};
    return scaled(bytes, 1024, kUnits);
}

std::string short_number(double number) {
    constexpr std::array kUnits{"", "k", "M", "G"};
    return scaled(number, 1000, kUnits);
}

std::string short_time(double ns) {
    constexpr std::array kUnits{"ns", "us", "ms", "s"};
    return ns == 0 ? "0" : scaled(ns, 1000, kUnits);
}

std::string short_percent(double share) {
    return digits(share * 100) + "%";
}

bool can_show_blocks() {
    std::setlocale(LC_CTYPE, "");
    return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
}

// A single page is to be seen already.
int heat_step(float heat) noexcept {
    if (heat <= 0)
        return heat < 0 ? 0 : 1;
    constexpr float kBounds[] = {0.05F, 0.25F, 0.75F};
    return 2 + static_cast<int>(std::ranges::count_if(kBounds, [=](float bound) {
               return heat >= bound;
           }));
}

const char* heat_mark(float heat, bool blocks) noexcept {
    return (blocks ? kBlocks : kLetters)[static_cast<std::size_t>(heat_step(heat))];
}

std::string heat_strip(std::span<const float> heat, bool blocks) {
    std::string strip;
    for (const float cell : heat)
        strip += heat_mark(cell, blocks);
    return strip;
}

} // namespace ww::command
