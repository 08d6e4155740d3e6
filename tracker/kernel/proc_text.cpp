// SPDX-License-Identifier: MIT
#include "kernel/proc_text.h"

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Takes the next word off the front; words are separated by blanks.
std::string_view take_word(std::string_view& rest) noexcept {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    return word;
}

void parse(std::string_view word, int base, std::uint64_t& number) noexcept {
    std::from_chars(word.data(), word.data() + word.size(), number, base);
}

template<class Number>
bool parse_pair(std::string_view word, char separator, int base, Number& first,
                Number& second) noexcept {
    const char* const end = word.data() + word.size();
    const auto one = std::from_chars(word.data(), end, first, base);
    if (one.ec != std::errc{} || one.ptr == end || *one.ptr != separator)
        return false;
    const auto two = std::from_chars(one.ptr + 1, end, second, base);
    return two.ec == std::errc{} && two.ptr == end;
}

} // namespace

// start-end permissions offset device inode name, numbers in hexadecimal but
// for the inode, which is 0 where there is no file.
std::optional<MapsLine> parse_maps_line(std::string_view line) noexcept {
    MapsLine parsed;
    if (!parse_pair(take_word(line), '-', 16, parsed.range.start, parsed.range.end))
        return std::nullopt;
    const std::string_view letters = take_word(line); // as in rwxp
    parsed.access = {letters.starts_with('r'), letters.find('w') == 1, letters.find('x') == 2};
    parsed.shared = letters.ends_with('s');
    parse(take_word(line), 16, parsed.offset);
    if (!parse_pair(take_word(line), ':', 16, parsed.device.major, parsed.device.minor))
        return std::nullopt;
    parse(take_word(line), 10, parsed.inode);
    parsed.has_file = parsed.inode != 0;
    parsed.name = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    return parsed;
}

// id parent major:minor root mount-point options [optional fields] - type ...
std::optional<MountLine> parse_mount_line(std::string_view line) noexcept {
    MountLine parsed;
    take_word(line);
    take_word(line);
    if (!parse_pair(take_word(line), ':', 10, parsed.device.major, parsed.device.minor))
        return std::nullopt;
    while (!line.empty()) {
        if (take_word(line) == "-") {
            parsed.type = take_word(line);
            return parsed;
        }
    }
    return std::nullopt;
}

bool LineReader::fill() noexcept {
    const ssize_t got = ::read(file_.get(), buffer_.data(), buffer_.size());
    if (got < 0)
        error_ = Error::last();
    used_ = 0;
    filled_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return filled_ != 0;
}

std::optional<std::string_view> LineReader::next() noexcept {
    std::size_t length = 0;
    for (;;) {
        if (used_ == filled_ && !fill())
            return std::nullopt;
        const char byte = buffer_[used_++];
        if (byte == '\n')
            return std::string_view{line_.data(), length};
        if (length < line_.size())
            line_[length++] = byte;
    }
}

} // namespace ww::kernel
