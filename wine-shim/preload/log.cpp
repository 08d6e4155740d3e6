// SPDX-License-Identifier: MIT
#include "log.h"

#include <cstddef>

#include <unistd.h>

namespace ww::wine {

namespace {

class Line {
public:
    void add(const char* text) noexcept {
        for (; *text != '\0' && length_ < sizeof(text_) - 1; ++text)
            text_[length_++] = *text;
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

} // namespace

void log_line(std::initializer_list<const char*> parts) noexcept {
    Line line;
    line.add("writewatch: ");
    for (const char* part : parts)
        line.add(part);
    line.send();
}

} // namespace ww::wine
