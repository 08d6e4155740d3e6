// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>

namespace ww::wine {

// One line on stderr, "writewatch: " and the parts, in one write: lines of
// several processes do not mix.
void log_line(std::initializer_list<const char*> parts) noexcept;

} // namespace ww::wine
