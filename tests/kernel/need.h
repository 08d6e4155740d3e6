// SPDX-License-Identifier: MIT
// A main() for suites that need a back end. Without one the whole binary is
// skipped, with the reason; where WW_NO_SKIP=1 it fails instead.
#pragma once

#include "writewatch/writewatch.h"

#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <string_view>

inline int run_with_backend(int argc, char** argv) {
    constexpr int kSkipped = 77; // as meson understands it
    char reason[WW_REASON_BYTES];
    if (ww_probe(reason, sizeof reason) == WW_BACKEND_NONE) {
        std::printf("skipped: %s\n", reason);
        const char* no_skip = std::getenv("WW_NO_SKIP");
        return no_skip != nullptr && std::string_view{no_skip} == "1" ? EXIT_FAILURE : kSkipped;
    }
    return doctest::Context(argc, argv).run();
}
