// SPDX-License-Identifier: MIT
// A host that closes descriptors which are not its own, as daemons do, and uses
// their numbers again.
#include "host.h"
#include "need.h"
#include "pages.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <thread>

namespace {

// Watched pages whose tracker's descriptors are known by number.
struct Known {
    std::set<int> before = open_descriptors();
    Watched pages{8};
    std::set<int> numbers;
    int counters = -1;

    // Everything clean but page 2, and page 1 never touched.
    Known() {
        for (const int fd : open_descriptors()) {
            if (is_counters(fd))
                counters = fd;
            else if (!before.contains(fd))
                numbers.insert(fd);
        }
        REQUIRE(counters >= 0);
        REQUIRE(numbers.size() == 2);
        for (const std::size_t page : PageSet{0, 2, 3, 4, 5, 6, 7})
            pages.store(page);
        REQUIRE(pages.written_and_reset().size() == 7);
        pages.store(2);
    }

    // close_range(3, ~0U, 0) would take the test's own as well.
    void close_all() const {
        for (const int fd : numbers)
            ::close(fd);
        ::close(counters);
    }
};

const PageSet kPopulated{0, 2, 3, 4, 5, 6, 7};

void check_exact_again(const Watched& pages) {
    CHECK(pages.written().empty());
    pages.store(1);
    pages.store(5);
    CHECK(pages.written_and_reset() == PageSet{1, 5});
    CHECK(pages.written_and_reset().empty());
}

// A file of the host's at a number that was ours.
class HostFile {
public:
    explicit HostFile(int number) : number_(number) {
        const int file = ::memfd_create("host's", MFD_CLOEXEC);
        REQUIRE(::write(file, "contents", 8) == 8);
        REQUIRE(::dup2(file, number) == number);
        ::fstat(number, &status_);
        ::close(file);
    }
    ~HostFile() { ::close(number_); }
    HostFile(const HostFile&) = delete;
    HostFile& operator=(const HostFile&) = delete;

    bool is_untouched() const {
        struct stat now {};
        char text[9] = {};
        return ::fstat(number_, &now) == 0 && now.st_ino == status_.st_ino && now.st_size == 8 &&
               ::lseek(number_, 0, SEEK_CUR) == 8 && ::pread(number_, text, 8, 0) == 8 &&
               std::strcmp(text, "contents") == 0;
    }

private:
    int number_;
    struct stat status_ {};
};

} // namespace

TEST_CASE(
    "descriptors are kept at high numbers, out of reach of loops over the first few hundred") {
    NEED(can::lose_descriptors);
    const Known host;
    CHECK(*host.numbers.begin() >= 512);
}

TEST_CASE("closed descriptors: what is populated is reported as written, counted, then exact") {
    NEED(can::lose_descriptors);
    const Known host;
    host.close_all();
    CHECK(host.pages.written_and_reset() == kPopulated);
    CHECK(host.pages.counters().reopened == 2);
    CHECK(host.pages.counters().repairs == 1);
    check_exact_again(host.pages);
    CHECK(host.pages.counters().reopened == 2);
}

TEST_CASE("closed descriptors: writes after the closing are reported, too") {
    NEED(can::lose_descriptors);
    const Known host;
    host.close_all();
    host.pages.store(1);
    CHECK(host.pages.written_and_reset() == pages_between(0, 8));
    check_exact_again(host.pages);
}

TEST_CASE("one descriptor closed: nothing is lost whichever it was") {
    NEED(can::lose_descriptors);
    for (const bool first : {true, false}) {
        CAPTURE(first);
        const Known host;
        ::close(first ? *host.numbers.begin() : *host.numbers.rbegin());
        host.pages.store(1);
        const PageSet written = host.pages.written_and_reset();
        CHECK((written == PageSet{1, 2} || written == pages_between(0, 8)));
        CHECK(host.pages.counters().reopened == 1);
        check_exact_again(host.pages);
    }
}

TEST_CASE("closed and used again by the host: its files are neither used nor closed") {
    NEED(can::lose_descriptors);
    const Known host;
    const HostFile low{*host.numbers.begin()};
    const HostFile high{*host.numbers.rbegin()};
    const HostFile third{host.counters};
    CHECK(host.pages.written_and_reset() == kPopulated);
    CHECK(host.pages.counters().reopened == 2);
    check_exact_again(host.pages);
    CHECK(low.is_untouched());
    CHECK(high.is_untouched());
    CHECK(third.is_untouched());
}

TEST_CASE("closed and used again by the host: destroying the tracker closes none of its files") {
    NEED(can::lose_descriptors);
    ww_tracker* tracker = nullptr;
    const std::set<int> before = open_descriptors();
    REQUIRE(ww_tracker_create(&tracker) == 0);
    std::set<int> ours = open_descriptors();
    for (const int fd : before)
        ours.erase(fd);
    REQUIRE(ours.size() == 2);
    const HostFile low{*ours.begin()};
    const HostFile high{*ours.rbegin()};
    ww_tracker_destroy(tracker);
    CHECK(low.is_untouched());
    CHECK(high.is_untouched());
}

TEST_CASE("closed and used again for files of the same kinds: none is taken for another") {
    NEED(can::lose_descriptors);
    const Known host;
    const int low = *host.numbers.begin();
    const int high = *host.numbers.rbegin();
    const int kept = ::dup(low);
    REQUIRE(::dup2(high, low) == low);
    REQUIRE(::dup2(kept, high) == high);
    host.pages.store(1);
    CHECK(host.pages.written_and_reset() == PageSet{1, 2}); // nothing was unregistered
    check_exact_again(host.pages);
    for (const int fd : {low, high, kept})
        ::close(fd);
}

TEST_CASE("closed while no descriptor can be had: collecting fails, loses nothing, works later") {
    NEED(can::lose_descriptors);
    const Known host;
    host.close_all();
    void* out[8] = {};
    void* resume = out;
    const Pages fresh{2};
    {
        const DescriptorLimit none{0};
        CHECK(ww_collect_pages(host.pages.tracker(), host.pages.at(0), host.pages.bytes(), WW_RESET,
                               out, 8, &resume) == -EMFILE);
        CHECK(out[0] == nullptr);
        CHECK(resume == out);
        CHECK(ww_watch(host.pages.tracker(), fresh.at(0), kPage, 0) == -EMFILE);
        CHECK(ww_watch(host.pages.tracker(), fresh.at(0), kPage, WW_WATCH_ANONYMOUS) == -EMFILE);
    }
    CHECK(host.pages.written_and_reset() == kPopulated);
    check_exact_again(host.pages);
}

TEST_CASE("closed: watching, unwatching, forgetting and words of changes go on") {
    NEED(can::lose_descriptors);
    for (const int what : {0, 1, 2, 3}) {
        CAPTURE(what);
        const Known host;
        const Pages fresh{4};
        ww_tracker* tracker = host.pages.tracker();
        host.close_all();
        switch (what) {
        case 0:
            CHECK(ww_watch(tracker, fresh.at(0), fresh.bytes(), 0) == 0);
            fresh.store(3);
            CHECK(ww_count_written(tracker, fresh.at(0), fresh.bytes(), 0, 9, nullptr) == 1);
            break;
        case 1:
            CHECK(ww_unwatch(tracker, host.pages.at(6), 2 * kPage) == 0);
            CHECK(ww_find(tracker, host.pages.at(6), kPage, nullptr) == 0);
            break;
        case 2:
            CHECK(ww_forget(tracker, host.pages.at(6), 2 * kPage) == 0);
            break;
        case 3:
            CHECK(ww_remapped(tracker, host.pages.at(6), 2 * kPage) == 0);
            break;
        }
        CHECK(host.pages.collect(WW_RESET, 0, 6) == PageSet{0, 2, 3, 4, 5});
        CHECK(host.pages.collect(0, 0, 6).empty());
    }
}

TEST_CASE("closed: of threads that find it at once all get answers, and nothing stays open") {
    NEED(can::lose_descriptors);
    for (int round = 0; round < 50; ++round) {
        const std::set<int> before = open_descriptors();
        {
            const Known host;
            host.close_all();
            std::atomic<int> ready{0};
            std::atomic<long> reported{0};
            std::atomic<long> failed{0};
            std::vector<std::thread> threads;
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] {
                    for (++ready; ready < 4;)
                        std::this_thread::yield();
                    const std::ptrdiff_t found =
                        ww_count_written(host.pages.tracker(), host.pages.at(0), host.pages.bytes(),
                                         WW_RESET, 100, nullptr);
                    (found < 0 ? failed : reported) += found;
                });
            }
            for (std::thread& thread : threads)
                thread.join();
            CHECK(failed == 0);
            CHECK(reported >= 7);
            check_exact_again(host.pages);
        }
        REQUIRE(open_descriptors() == before);
    }
}

TEST_CASE("closed while a child still holds them: nothing is lost before its end, nor after") {
    NEED(can::lose_descriptors);
    const Known host;
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    host.close_all();
    host.pages.store(1);
    const PageSet written = host.pages.written_and_reset();
    CHECK(written.contains(1));
    CHECK(written.contains(2));
    host.pages.store(3);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    host.pages.store(4);
    const PageSet later = host.pages.written_and_reset();
    CHECK(later.contains(3));
    CHECK(later.contains(4));
    check_exact_again(host.pages);
}

TEST_CASE("a low limit of descriptors: creating fails clearly, and works when it is raised") {
    NEED(can::lose_descriptors);
    ww_tracker* tracker = nullptr;
    for (const rlim_t room : {0U, 1U}) {
        // One number is free with room for one: the lowest that is not in use.
        const int lowest = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
        REQUIRE(lowest >= 0);
        ::close(lowest);
        const std::set<int> before = open_descriptors();
        {
            const DescriptorLimit low{static_cast<rlim_t>(lowest) + room};
            CHECK(ww_tracker_create(&tracker) == -EMFILE);
            CHECK(tracker == nullptr);
        }
        CHECK(open_descriptors() == before);
    }
    {
        const DescriptorLimit below_high_numbers{512};
        CHECK(ww_tracker_create(&tracker) == 0);
        ww_tracker_destroy(tracker);
    }
    CHECK(ww_tracker_create(&tracker) == 0);
    ww_tracker_destroy(tracker);
}
