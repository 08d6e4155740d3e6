// SPDX-License-Identifier: MIT
// A native program that asks for write watches: 8 pages; in each of ROUNDS
// rounds it stores to 3 of them and collects with reset, and looks once at the
// end, when nothing is written. Ends with status STATUS.
//
//     asking ROUNDS STATUS
#include <writewatch/writewatch.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

int main(int argument_count, char** arguments) {
    if (argument_count != 3)
        return 99;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t bytes = 8 * page;
    auto* base = static_cast<char*>(
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ww_tracker* tracker = nullptr;
    if (ww_tracker_create(&tracker) != 0 || ww_watch(tracker, base, bytes, 0) != 0)
        return 98;
    constexpr std::size_t kWritten[] = {1, 4, 6};
    void* found[8];
    std::ptrdiff_t reported = 0;
    for (int round = std::atoi(arguments[1]); round > 0; --round) {
        for (const std::size_t written : kWritten)
            *reinterpret_cast<volatile char*>(base + written * page) = 1;
        reported += ww_collect_pages(tracker, base, bytes, WW_RESET, found, 8, nullptr);
    }
    std::printf("%td pages, written afterwards: %d\n", reported,
                ww_any_written(tracker, base, bytes));
    std::fprintf(stderr, "asking: done\n");
    return std::atoi(arguments[2]);
}
