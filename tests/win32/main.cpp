// SPDX-License-Identifier: MIT
#include <doctest.h>

#include "windows.h"

#include <cstdio>

// Where the kernel cannot, there is one thing to be right.
static int without_watches() {
    void* const watched = VirtualAlloc(nullptr, 1, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE);
    const bool refused = watched == nullptr && GetLastError() == ERROR_NOT_SUPPORTED;
    std::printf(refused ? "skipped: needs Linux 6.7\n" : "not refused\n");
    return refused ? 77 : 1;
}

int main(int argc, char** argv) {
    void* const watched = VirtualAlloc(nullptr, 1, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE);
    if (watched == nullptr)
        return without_watches();
    VirtualFree(watched, 0, MEM_RELEASE);
    doctest::Context context(argc, argv);
    // Looks for free places by VirtualQuery, which here knows only what is reserved.
    context.addFilter("test-case-exclude", "addresses at both ends*");
    return context.run();
}
