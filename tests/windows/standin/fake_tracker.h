// SPDX-License-Identifier: MIT
// A tracker by hand, so that the Windows rules can be tested without a kernel.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

struct FakeTracker {
    std::uintptr_t watch_start = 0; // one watch; none if empty
    std::uintptr_t watch_end = 0;
    std::set<std::uintptr_t> dirty;
    std::vector<std::string> calls; // that changed anything, in order

    std::size_t most_at_once = ~std::size_t{0};   // pages that one collect returns
    std::uintptr_t fails_at = ~std::uintptr_t{0}; // collecting this address
    int error = 0;                                // ... or creating, watching, resetting
};

extern FakeTracker fake;
