// SPDX-License-Identifier: MIT
// A program with watched memory in a known state, for tests that look at it:
// 8 MiB of which the first half is there and the first quarter is written, and
// 1 MiB that was never touched. Some hundred queries a second, without reset.
//
// usage: watching           as above
//        watching resets    every 16th query resets, and the first quarter is
//                           written again
//        watching forks     there is a child that does nothing
// It says "ready" and what it watches, and on a line of input how much of the
// first watch is written; it ends with its input.
#include <writewatch/writewatch.h>

#include <csignal>
#include <cstdio>
#include <poll.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

char* map(std::size_t bytes) {
    return static_cast<char*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

void write_to(char* memory, std::size_t bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (std::size_t at = 0; at < bytes; at += page)
        *static_cast<volatile char*>(memory + at) = 1;
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view way = argc > 1 ? argv[1] : "";
    ww_tracker* tracker = nullptr;
    if (ww_tracker_create(&tracker) != 0)
        return 77;
    char* memory = map(8 * kMiB);
    char* untouched = map(kMiB);
    write_to(memory, 4 * kMiB);
    ww_watch(tracker, memory, 8 * kMiB, 0);
    ww_watch(tracker, untouched, kMiB, 0);
    write_to(memory, 2 * kMiB);
    if (way == "forks" && ::fork() == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::pause();
    }
    std::printf("ready %p %p\n", static_cast<void*>(memory), static_cast<void*>(untouched));
    std::fflush(stdout);
    for (unsigned query = 0;; ++query) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (::poll(&input, 1, 5) > 0) {
            char line[64];
            if (::read(STDIN_FILENO, line, sizeof line) <= 0)
                return 0;
            std::printf("%td\n", ww_count_written(tracker, memory, 8 * kMiB, 0, 1 << 20, nullptr));
            std::fflush(stdout);
        }
        if (way == "resets" && query % 16 == 0) {
            ww_reset(tracker, memory, 8 * kMiB);
            write_to(memory, 2 * kMiB);
        }
        ww_any_written(tracker, memory, 8 * kMiB);
    }
}
