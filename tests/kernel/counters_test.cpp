// SPDX-License-Identifier: MIT
// What a tracker counts for others to read (counters_format.h).
#include "counters_seen.h"
#include "need.h"
#include "pages.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <thread>

namespace {

namespace counters = ww::counters;

// The setting, for as long as it lives.
class Setting {
public:
    explicit Setting(const char* value) { ::setenv(counters::kSetting, value, 1); }
    ~Setting() { ::unsetenv(counters::kSetting); }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;
};

std::uint64_t now_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{now}.count());
}

constexpr std::uint64_t kQueries = 64 * 200;

// Of a timed query that was interrupted the time counts for many: on a busy
// machine not every round is right, but one is.
bool counts_time_of_rounds(const Watched& pages, const counters::Watch& watch) {
    for (int round = 0; round < 20; ++round) {
        const std::uint64_t counted = watch.query_ns;
        const std::uint64_t begun = now_ns();
        for (std::uint64_t i = 0; i < kQueries; ++i)
            ww_any_written(pages.tracker(), pages.at(0), pages.bytes());
        const auto taken = static_cast<double>(now_ns() - begun);
        const auto found = static_cast<double>(watch.query_ns - counted);
        if (found > taken * 0.2 && found < taken * 2)
            return true;
    }
    return false;
}

} // namespace

TEST_CASE("counters: there are none before something is watched, and none when the tracker is gone") {
    {
        const TrackerPtr tracker = make_tracker();
        CHECK(!counters_descriptor());
        const Pages pages{1};
        REQUIRE(ww_watch(tracker.get(), pages.at(0), kPage, 0) == 0);
        REQUIRE(counters_descriptor());
        CHECK((::fcntl(*counters_descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(*counters_descriptor() >= 512);
    }
    CHECK(!counters_descriptor());
}

TEST_CASE("counters: the header says what follows, and whose it is") {
    const Watched pages{1};
    const Seen seen;
    CHECK(std::memcmp(seen.header().magic, counters::kMagic, sizeof counters::kMagic) == 0);
    CHECK(seen.header().version == counters::kVersion);
    CHECK(seen.header().header_bytes == sizeof(counters::Header));
    CHECK(seen.header().watch_bytes == sizeof(counters::Watch));
    CHECK(seen.header().watch_count == counters::kPlaces);
    CHECK(seen.header().pid == static_cast<unsigned>(::getpid()));
    CHECK(seen.header().backend == static_cast<unsigned>(ww_tracker_backend(pages.tracker())));
    CHECK(std::string_view{seen.header().program} == "kernel-tests");
}

TEST_CASE("counters: each watch has its extent, its queries, and the bytes that they reported") {
    const Watched pages{8};
    const Seen seen;
    const counters::Watch* watch = seen.watch(pages.at(0));
    REQUIRE(watch != nullptr);
    CHECK(watch->bytes == pages.bytes());
    CHECK(watch->page_bytes == kPage);
    pages.store(1);
    pages.store(2);
    pages.store(5);
    const std::uint64_t before = now_ns();
    for (int i = 0; i < 4; ++i)
        CHECK(pages.written().size() == 3);
    CHECK(pages.written_and_reset().size() == 3);
    CHECK(pages.written_and_reset().empty());
    CHECK(watch->looks == 4);
    CHECK(watch->resets == 2);
    CHECK(watch->bytes_seen == 4 * 3 * kPage);
    CHECK(watch->bytes_reset == 3 * kPage);
    CHECK(watch->query_ns > 6 * 100);
    CHECK(watch->query_ns < now_ns() - before);
}

TEST_CASE("counters: time is counted for many small queries, though not each is timed") {
    const Watched pages{4};
    const Seen seen;
    const counters::Watch& watch = *seen.watch(pages.at(0));
    CHECK(counts_time_of_rounds(pages, watch));
    CHECK(watch.looks % kQueries == 0);
}

TEST_CASE("counters: what ended stays in the totals, and its place is for another") {
    const Watched first{4};
    const Seen seen;
    const Pages second{4};
    ww_tracker* tracker = first.tracker();
    first.store_all();
    CHECK(first.written_and_reset().size() == 4);
    const counters::Watch* place = seen.watch(first.at(0));
    REQUIRE(ww_unwatch(tracker, first.at(0), first.bytes()) == 0);
    CHECK(seen.live() == 0);
    CHECK(seen.at(counters::kEnded).resets == 1);
    CHECK(seen.at(counters::kEnded).bytes_reset == 4 * kPage);
    REQUIRE(ww_watch(tracker, second.at(0), second.bytes(), 0) == 0);
    CHECK(seen.watch(second.at(0)) == place);
    CHECK(place->resets == 0);
    CHECK(seen.header().changes % 2 == 0);
}

TEST_CASE("counters: memory that is forgotten and watched again is there no more, and again") {
    const Watched pages{4};
    const Seen seen;
    for (int i = 0; i < 5; ++i) {
        REQUIRE(ww_forget(pages.tracker(), pages.at(0), pages.bytes()) == 0);
        CHECK(seen.live() == 0);
        REQUIRE(ww_watch(pages.tracker(), pages.at(0), pages.bytes(), 0) == 0);
        CHECK(seen.watch(pages.at(0)) != nullptr);
    }
    REQUIRE(ww_forget(pages.tracker(), pages.at(1), kPage) == 0);
    CHECK(seen.live() == 2);
    CHECK(seen.watch(pages.at(0))->bytes == kPage);
    CHECK(seen.watch(pages.at(2))->bytes == 2 * kPage);
}

TEST_CASE("counters: more watches than there are places are counted together") {
    const TrackerPtr tracker = make_tracker();
    constexpr std::size_t kWatches = 600;
    const Pages pages{2 * kWatches};
    for (std::size_t i = 0; i < kWatches; ++i)
        REQUIRE(ww_watch(tracker.get(), pages.at(2 * i), kPage, 0) == 0);
    const Seen seen;
    CHECK(seen.live() == counters::kPlaces - counters::kFirstPlace);
    CHECK(seen.header().untabled == kWatches - seen.live());
    const std::size_t last = 2 * (kWatches - 1);
    CHECK(ww_any_written(tracker.get(), pages.at(last), kPage) == 0);
    CHECK(seen.at(counters::kUntabled).looks == 1);
    REQUIRE(ww_unwatch(tracker.get(), pages.at(0), pages.bytes()) == 0);
    CHECK(seen.live() == 0);
    CHECK(seen.header().untabled == 0);
    REQUIRE(ww_watch(tracker.get(), pages.at(last), kPage, 0) == 0);
    CHECK(seen.watch(pages.at(last)) != nullptr);
}

TEST_CASE("counters: calls for many ranges are counted once, and where they asked closely") {
    const TrackerPtr tracker = make_tracker();
    const Pages pages{64};
    std::vector<ww_range> ranges;
    for (std::size_t i = 0; i < 64; i += 2) {
        ranges.push_back({pages.at(i), kPage});
        REQUIRE(ww_watch(tracker.get(), pages.at(i), kPage, 0) == 0);
    }
    pages.store(4);
    const Seen seen;
    ww_range out[4];
    CHECK(ww_collect_ranges_many(tracker.get(), ranges.data(), ranges.size(), nullptr, WW_RESET,
                                 out, 4, nullptr) == 1);
    CHECK(seen.header().many == 1);
    CHECK(seen.watch(pages.at(4))->resets == 1);
    CHECK(seen.watch(pages.at(4))->bytes_reset == kPage);
    if (is_served(can::pass_over_watches))
        CHECK(seen.watch(pages.at(6))->resets == 0);
}

TEST_CASE("counters: a forked child changes nothing of its parent's") {
    for (const bool raw : {false, true}) {
        CAPTURE(raw);
        const Watched pages{4};
        const Seen seen;
        pages.store(1);
        counters::Table before;
        std::memcpy(static_cast<void*>(&before), &seen.header(), sizeof before);
        CHECK(in_child(raw, [&] {
                  ww_any_written(pages.tracker(), pages.at(0), pages.bytes());
                  ww_reset(pages.tracker(), pages.at(0), pages.bytes());
                  ww_forget(pages.tracker(), pages.at(0), pages.bytes());
                  ww_tracker_destroy(pages.tracker());
                  return 0;
              }) == 0);
        CHECK(std::memcmp(&before, &seen.header(), sizeof before) == 0);
        CHECK(pages.written_and_reset() == PageSet{1});
        CHECK(seen.watch(pages.at(0))->resets == 1);
    }
}

TEST_CASE("counters: others with the same rights cannot write to them, nor change their size") {
    const Watched pages{1};
    const std::string link = "/proc/self/fd/" + std::to_string(counters_descriptor().value());
    const int fd = ::open(link.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0);
    CHECK(::pwrite(fd, "x", 1, 0) == -1);
    CHECK(::ftruncate(fd, 0) == -1);
    CHECK(::ftruncate(fd, 1 << 20) == -1);
    CHECK(::mmap(nullptr, kPage, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    ::close(fd);
}

TEST_CASE("counters: a host that closes their descriptor loses nothing else") {
    const Watched pages{4};
    const Seen seen;
    ::close(counters_descriptor().value());
    pages.store(3);
    CHECK(pages.written_and_reset() == PageSet{3});
    CHECK(seen.watch(pages.at(0))->resets == 1);
    REQUIRE(ww_unwatch(pages.tracker(), pages.at(0), kPage) == 0);
    CHECK(seen.live() == 1);
}

TEST_CASE("counters: the user can do without") {
    const Setting off{"off"};
    const Watched pages{4};
    CHECK(!counters_descriptor());
    pages.store(3);
    CHECK(pages.written_and_reset() == PageSet{3});
}

TEST_CASE("counters: in a folder of the user's they outlive the tracker, one file for each") {
    char folder[] = "/dev/shm/counters-test.XXXXXX";
    REQUIRE(::mkdtemp(folder) != nullptr);
    const Setting wanted{folder};
    const std::string name = std::string{folder} + '/' + std::to_string(::getpid());
    {
        const Watched first{4};
        const Watched second{4};
        CHECK(!counters_descriptor());
        CHECK(first.written_and_reset().empty());
        CHECK(second.written().empty());
    }
    CHECK(Seen{name + "-0.counters"}.at(2).resets == 1);
    CHECK(Seen{name + "-1.counters"}.at(2).looks == 1);
    std::filesystem::remove_all(folder);
    const Watched without{4}; // the folder is gone
    CHECK(without.written().empty());
}

TEST_CASE("counters: a reader never takes two watches for one") {
    const TrackerPtr tracker = make_tracker();
    // Two extents, in turn, at the same place of the table.
    const Pages pages{8};
    REQUIRE(ww_watch(tracker.get(), pages.at(0), 2 * kPage, 0) == 0);
    const Seen seen;
    std::atomic<bool> stop{false};
    std::thread changing{[&] {
        for (bool wide = false; !stop; wide = !wide) {
            ww_unwatch(tracker.get(), pages.at(0), pages.bytes());
            ww_watch(tracker.get(), pages.at(wide ? 0 : 4), (wide ? 2 : 4) * kPage, 0);
        }
    }};
    long whole = 0;
    long mixed = 0;
    for (long round = 0; round < 2'000'000 && whole < 20'000; ++round) {
        const std::uint32_t changes = seen.header().changes.load(std::memory_order_acquire);
        const counters::Watch& watch = seen.at(counters::kFirstPlace);
        const bool live = watch.turns.load(std::memory_order_acquire) % 2 == 1;
        const std::uint64_t start = watch.start.load(std::memory_order_acquire);
        const std::uint64_t bytes = watch.bytes.load(std::memory_order_acquire);
        if (changes % 2 == 1 || seen.header().changes.load(std::memory_order_relaxed) != changes)
            continue;
        const bool first = start == reinterpret_cast<std::uintptr_t>(pages.at(0));
        mixed += live && bytes != (first ? 2 : 4) * kPage;
        ++whole;
    }
    stop = true;
    changing.join();
    CHECK(mixed == 0);
    CHECK(whole > 0);
}
