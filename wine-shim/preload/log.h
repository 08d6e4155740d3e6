// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>

namespace ww::wine {

// One line on stderr, "writewatch: " and the parts, in one write: lines of
// several processes do not mix.
void log_line(std::initializer_list<const char*> parts) noexcept;

// The same for what is found at start. Wine executes itself anew once, as the
// same process, and everything is found again: then it has been said.
void log_line_once(std::initializer_list<const char*> parts) noexcept;

// A number in hexadecimal, "0x" and at least `digits` of them.
class Hex {
public:
    explicit Hex(std::uint64_t number, unsigned digits = 1) noexcept;
    const char* text() const noexcept { return text_ + first_; }

private:
    char text_[19];
    unsigned first_;
};

} // namespace ww::wine
