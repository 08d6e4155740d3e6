// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace ww::command {

// The library, used as any program would.
struct SelfTest {
    std::string wrong; // in words; empty if every answer was right
    int queries = 0;
    long microseconds = 0;
};

SelfTest run_self_test();

} // namespace ww::command
