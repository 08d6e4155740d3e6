// SPDX-License-Identifier: MIT
#include "switches.h"

#include <cstdlib>
#include <cstring>

namespace ww::wine {

namespace {

bool is_set_to(const char* name, const char* expected) noexcept {
    const char* value = std::getenv(name);
    return value != nullptr && std::strcmp(value, expected) == 0;
}

} // namespace

Switches read_switches() noexcept {
    return {is_set_to("WRITEWATCH", "off"), is_set_to("WRITEWATCH_LOG", "1")};
}

} // namespace ww::wine
