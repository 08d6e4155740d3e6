// SPDX-License-Identifier: MIT
#include "program_choice.h"

#include <algorithm>

namespace ww::wine {

namespace {

// Not the C library's: what a letter is must not depend on a locale.
char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same_letters(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

// Not substr(): it may throw, and brings all that belongs to that.
std::string_view first_of(std::string_view text, std::size_t length) noexcept {
    return {text.data(), length};
}
std::string_view rest_of(std::string_view text, std::size_t start) noexcept {
    return {text.data() + start, text.size() - start};
}

std::string_view without_exe(std::string_view name) noexcept {
    constexpr std::string_view kExe = ".exe";
    if (name.size() <= kExe.size())
        return name;
    const std::size_t stem = name.size() - kExe.size();
    return same_letters(rest_of(name, stem), kExe) ? first_of(name, stem) : name;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view kBlanks = " \t\r";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos)
        return {};
    return rest_of(first_of(text, text.find_last_not_of(kBlanks) + 1), first);
}

} // namespace

ProgramChoice::ProgramChoice(std::string_view program) noexcept
    : program_(without_exe(rest_of(program, program.find_last_of("/\\") + 1))) {}

void ProgramChoice::add(std::string_view list) noexcept {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(",\n"), list.size());
        add_entry(trimmed(first_of(list, end)));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

void ProgramChoice::add_entry(std::string_view entry) noexcept {
    if (entry.empty() || entry.front() == '#')
        return;
    const bool excludes = entry.front() == '-';
    const std::string_view name = without_exe(excludes ? trimmed(rest_of(entry, 1)) : entry);
    const bool same = !program_.empty() && same_letters(name, program_);
    excluded_ |= excludes && same;
    named_ |= !excludes && same;
    names_any_ |= !excludes;
}

} // namespace ww::wine
