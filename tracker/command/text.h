// SPDX-License-Identifier: MIT
// Small files of /proc and /sys, lines, and paragraphs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ww::command {

// The whole file; empty if it cannot be read.
std::string contents_of(const std::filesystem::path& file);

// Without newlines; no empty line behind the last.
std::vector<std::string_view> lines_of(std::string_view text);

// What follows `key` in the first line that starts with it, without blanks at
// either end; empty if there is none.
std::string_view value_of(std::string_view text, std::string_view key);

std::string_view trimmed(std::string_view text) noexcept;

// What is printed is at most so wide, but for long words.
inline constexpr std::size_t kColumns = 80;

// Lines of at most so many columns, broken at spaces; paragraphs stay. The first
// stands behind so many columns of something else, the others behind as many
// spaces.
std::string wrapped(const std::string& text, std::size_t columns, std::size_t indent = 0);

} // namespace ww::command
