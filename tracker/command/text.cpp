// SPDX-License-Identifier: MIT
#include "text.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace ww::command {

std::string contents_of(const std::filesystem::path& file) {
    std::ostringstream text;
    if (std::ifstream stream{file}; stream)
        text << stream.rdbuf();
    return text.str();
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return lines;
}

std::string_view value_of(std::string_view text, std::string_view key) {
    for (const std::string_view line : lines_of(text)) {
        if (line.starts_with(key))
            return trimmed(line.substr(key.size()));
    }
    return {};
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == text.npos)
        return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string wrapped(const std::string& text, std::size_t columns, std::size_t indent) {
    const std::string margin(indent, ' ');
    std::string lines;
    for (const std::string_view paragraph : lines_of(text)) {
        if (!lines.empty())
            lines += margin;
        std::size_t column = indent;
        for (std::size_t at = 0; at < paragraph.size();) {
            const std::size_t end = std::min(paragraph.find(' ', at), paragraph.size());
            const std::string_view word = paragraph.substr(at, end - at);
            at = end + 1;
            if (column > indent && column + 1 + word.size() > columns) {
                lines += '\n' + margin;
                column = indent;
            }
            if (column > indent) {
                lines += ' ';
                ++column;
            }
            lines += word;
            column += word.size();
        }
        lines += '\n';
    }
    return lines;
}

} // namespace ww::command
