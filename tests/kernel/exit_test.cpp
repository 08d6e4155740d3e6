// SPDX-License-Identifier: MIT
// Ends and signals of a host: exit handlers, other programs, handlers that
// collect.
#include "host.h"
#include "pages.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/time.h>

namespace {

ww_tracker* g_tracker = nullptr;
const Pages* g_pages = nullptr;

int collect_one(ww_tracker* tracker, const Pages& pages, void** out) {
    return static_cast<int>(
        ww_collect_pages(tracker, pages.at(0), pages.bytes(), WW_RESET, out, 1, nullptr));
}

// Runs as an exit handler: a tracker that was closed over, and a new one.
void use_trackers_at_exit() {
    void* out = nullptr;
    g_pages->store(1);
    const bool found = collect_one(g_tracker, *g_pages, &out) == 1 && out == g_pages->at(1);
    ww_tracker_destroy(g_tracker);
    ww_tracker* another = nullptr;
    const bool made = ww_tracker_create(&another) == 0 &&
                      ww_watch(another, g_pages->at(0), g_pages->bytes(), 0) == 0;
    g_pages->store(2);
    const bool again = made && collect_one(another, *g_pages, &out) == 1;
    ww_tracker_destroy(another);
    ::_exit(found && again && out == g_pages->at(2) ? 42 : 1);
}

std::string output_of(const char* command) {
    std::string text;
    std::FILE* pipe = ::popen(command, "r");
    REQUIRE(pipe != nullptr);
    for (int byte = 0; (byte = std::fgetc(pipe)) != EOF;)
        text += static_cast<char>(byte);
    ::pclose(pipe);
    return text;
}

std::atomic<long> g_collects{0};
std::atomic<long> g_wrong{0};

// A page that is always watched, written and collected here alone.
void collect_in_handler(int) {
    void* out[2] = {};
    g_pages->store(3);
    const std::ptrdiff_t found =
        ww_collect_pages(g_tracker, g_pages->at(3), kPage, WW_RESET, out, 2, nullptr);
    g_wrong += found != 1 || out[0] != g_pages->at(3);
    ++g_collects;
}

} // namespace

TEST_CASE("exit handlers may collect after everything was closed, and make trackers anew") {
    const int status = in_child(false, [] {
        static const Pages pages{4};
        g_pages = &pages;
        if (ww_tracker_create(&g_tracker) != 0 ||
            ww_watch(g_tracker, pages.at(0), pages.bytes(), 0) != 0)
            return 2;
        std::atexit(use_trackers_at_exit);
        ::syscall(SYS_close_range, 3, ~0U, 0);
        std::exit(3);
    });
    CHECK(status == 42);
}

TEST_CASE("a program that is executed has no descriptor of ours, and changes nothing for us") {
    const Watched pages{4};
    pages.store(1);
    REQUIRE(pages.written_and_reset() == PageSet{1});
    pages.store(2);
    const std::string open = output_of("ls -l /proc/self/fd");
    CHECK(open.find("->") != std::string::npos);
    CHECK(open.find("userfaultfd") == std::string::npos);
    CHECK(open.find("pagemap") == std::string::npos);
    CHECK(pages.written() == PageSet{2});
}

TEST_CASE("a child of vfork that executes leaves its parent's watches alone") {
    const Watched pages{4};
    pages.store(1);
    REQUIRE(pages.written_and_reset() == PageSet{1});
    pages.store(2);
    const pid_t child = ::vfork();
    if (child == 0) {
        ::execl("/bin/true", "true", nullptr);
        ::_exit(1);
    }
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(pages.written_and_reset() == PageSet{2});
    pages.store(1);
    CHECK(pages.written() == PageSet{1});
    CHECK(pages.counters().reopened == 0);
}

TEST_CASE("a signal handler may collect while the thread under it changes the set of watches") {
    const Pages watched{4};
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), watched.at(0), watched.bytes(), 0) == 0);
    g_tracker = tracker.get();
    g_pages = &watched;
    g_collects = 0;
    struct sigaction action = {};
    struct sigaction before;
    action.sa_handler = collect_in_handler;
    REQUIRE(::sigaction(SIGALRM, &action, &before) == 0);
    const itimerval often{{0, 200}, {0, 200}};
    const itimerval never{};
    REQUIRE(::setitimer(ITIMER_REAL, &often, nullptr) == 0);
    const Pages changing{8};
    long failed = 0;
    for (int round = 0; round < 200'000 && g_collects < 1000; ++round) {
        failed += ww_watch(tracker.get(), changing.at(0), changing.bytes(), 0) != 0;
        failed += ww_unwatch(tracker.get(), changing.at(2), kPage) != 0;
        failed += ww_forget(tracker.get(), changing.at(0), changing.bytes()) != 0;
    }
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
    CHECK(g_collects > 10);
    CHECK(g_wrong == 0);
    CHECK(failed == 0);
}
