// SPDX-License-Identifier: MIT
//
// A Windows program about write watches. It uses documented Win32 only and
// knows nothing of Wine; `try` runs it with and without the plugin.
#include "modes.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

struct Mode {
    const char* name;
    const char* numbers;
    int number_count;
    void (*run)(const size_t* numbers);
};

constexpr Mode modes[] = {
    {"scenarios", "", 0, [](const size_t*) { run_scenarios(); }},
    {"bad-array", "", 0, [](const size_t*) { run_bad_array(); }},
    {"first-write", "", 0, [](const size_t*) { run_first_write(); }},
    {"threads", " THREADS PAGES DELAY_MS", 3,
     [](const size_t* n) { run_threads(n[0], n[1], n[2]); }},
    {"sparse", " GIB", 1, [](const size_t* n) { run_sparse(n[0]); }},
    {"store-once", " PAGES", 1, [](const size_t* n) { run_store_once(n[0]); }},
    {"hold", "", 0, [](const size_t*) { run_hold(); }},
};

constexpr int most_numbers = 3;

const Mode* find_mode(const char* name, int number_count) {
    for (const Mode& mode : modes)
        if (std::strcmp(mode.name, name) == 0 && mode.number_count == number_count)
            return &mode;
    return nullptr;
}

// Whether every argument is a number above zero.
bool parse(int count, char** arguments, size_t* numbers) {
    for (int i = 0; i < count; ++i) {
        char* end;
        numbers[i] = std::strtoull(arguments[i], &end, 10);
        if (*end != '\0' || numbers[i] == 0)
            return false;
    }
    return true;
}

int usage() {
    std::fputs("usage:\n", stderr);
    for (const Mode& mode : modes)
        std::fprintf(stderr, "  writewatch-demo %s%s\n", mode.name, mode.numbers);
    return 2;
}

} // namespace

void run_hold() {
    while (std::getchar() != EOF) {
    }
}

int main(int argc, char** argv) {
    const int number_count = argc - 2;
    const Mode* mode = argc < 2 ? nullptr : find_mode(argv[1], number_count);
    size_t numbers[most_numbers] = {};
    if (mode == nullptr || !parse(number_count, argv + 2, numbers))
        return usage();
    mode->run(numbers);
    return 0;
}
