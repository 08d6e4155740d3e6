// SPDX-License-Identifier: MIT
#include "log.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace ww::wine {

namespace {

class Line {
public:
    void add(const char* text) noexcept {
        for (; *text != '\0' && length_ < sizeof(text_) - 2; ++text)
            text_[length_++] = *text;
    }
    // As a string, without the end of the line.
    const char* text() noexcept {
        text_[length_] = '\0';
        return text_;
    }
    void send() noexcept {
        text_[length_++] = '\n';
        // A closed or full stderr is no reason to stop: nothing else to tell.
        [[maybe_unused]] const auto sent = ::write(STDERR_FILENO, text_, length_);
    }

private:
    char text_[320];
    std::size_t length_ = 0;
};

Line line_of(std::initializer_list<const char*> parts) noexcept {
    Line line;
    line.add("writewatch: ");
    for (const char* part : parts)
        line.add(part);
    return line;
}

// The environment is what an exec leaves, and the process id what tells it from
// a child. The second image takes the variable away again.
bool said_before_exec(const Line& line) noexcept {
    constexpr const char* kSaid = "WRITEWATCH_SAID";
    Line now;
    now.add(Hex(static_cast<std::uint64_t>(::getpid())).text());
    now.add(" ");
    now.add(Line{line}.text());
    const char* before = std::getenv(kSaid);
    if (before != nullptr && std::strcmp(before, now.text()) == 0) {
        ::unsetenv(kSaid);
        return true;
    }
    ::setenv(kSaid, now.text(), 1);
    return false;
}

} // namespace

void log_line(std::initializer_list<const char*> parts) noexcept {
    line_of(parts).send();
}

void log_line_once(std::initializer_list<const char*> parts) noexcept {
    Line line = line_of(parts);
    if (!said_before_exec(line))
        line.send();
}

Hex::Hex(std::uint64_t number, unsigned digits) noexcept : first_(sizeof(text_) - 1) {
    text_[first_] = '\0';
    for (unsigned left = digits; left > 0 || number != 0; number >>= 4, left -= left > 0 ? 1 : 0)
        text_[--first_] = "0123456789ABCDEF"[number & 15];
    text_[--first_] = 'x';
    text_[--first_] = '0';
}

} // namespace ww::wine
