// SPDX-License-Identifier: MIT
// A main() for suites that need a back end. Without one the whole binary is
// skipped, with the reason; where WW_NO_SKIP=1 it fails instead.
#pragma once

#include "writewatch/writewatch.h"

#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <string>
#include <string_view>

// What back ends do differently, as writewatch.h declares it.
struct Difference {
    const char* what;
    bool pagemap_scan;
    bool mprotect;
};
namespace can {
inline constexpr Difference kernel_writes{"the kernel can write to watched memory", true, false};
inline constexpr Difference see_lost_contents{
    "a page that was written and mapped anew without a word is known to be fresh", true, false};
inline constexpr Difference keep_state_when_protected{
    "a page keeps its state when the program changes its protection", true, false};
inline constexpr Difference keep_state_when_forgotten{
    "a page keeps its state from ww_forget() to ww_watch() with WW_WATCH_KEEP", true, false};
inline constexpr Difference tell_drops{"contents that were dropped without a word are told", true,
                                       false};
inline constexpr Difference refuse_kinds{"some kinds of memory cannot be watched", true, false};
inline constexpr Difference refuse_huge_pages{
    "memory that was mapped anew, and told, gets no transparent huge pages", true, false};
inline constexpr Difference watch_hugetlb{"hugetlb memory can be watched", true, false};
inline constexpr Difference know_fresh_shared_memory{
    "shared memory that is mapped anew, and told, starts clean", true, false};
inline constexpr Difference pass_over_watches{
    "of many watches those without a write are passed over by one look", true, false};
inline constexpr Difference lose_descriptors{
    "it holds descriptors, which the program may close", true, false};
inline constexpr Difference share_with_pagemap_scan{
    "what is watched can be asked for by ww_v7_pagemap_scan(), too", true, false};
} // namespace can

inline bool serves_by_mprotect() {
    return ww_probe(nullptr, 0) == WW_BACKEND_MPROTECT;
}
inline bool is_served(Difference difference) {
    return serves_by_mprotect() ? difference.mprotect : difference.pagemap_scan;
}

// Ends a test case that the back end is declared not to serve.
#define NEED(difference)                                                                           \
    if (!is_served(difference)) {                                                                  \
        MESSAGE("declared not to be so: ", std::string{(difference).what});                                     \
        return;                                                                                    \
    }

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
