// SPDX-License-Identifier: MIT
// Watching and unwatching.
#include "need.h"
#include "pages.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/auxv.h>

namespace {

int collect_one(ww_tracker* tracker, const void* base) {
    void* out = nullptr;
    return static_cast<int>(ww_collect_pages(tracker, base, kPage, 0, &out, 1, nullptr));
}

} // namespace

TEST_CASE("ww_find: inside a watch its extent, elsewhere nothing") {
    const Watched pages{8};
    ww_range watch{};
    CHECK(ww_find(pages.tracker(), pages.at(3), 2 * kPage, &watch) == 1);
    CHECK(watch.base == pages.at(0));
    CHECK(watch.bytes == pages.bytes());
    CHECK(ww_find(pages.tracker(), pages.at(7), 2 * kPage, nullptr) == 0);
    CHECK(ww_find(pages.tracker(), pages.at(8), kPage, nullptr) == 0);
    CHECK(ww_find(pages.tracker(), pages.at(0) + 1, kPage, nullptr) == 0);
}

TEST_CASE("ww_find_first: any page of the range will do, and the range may end anywhere") {
    const Watched pages{8};
    ww_range watch{};
    char* const before = pages.at(0) - kPage;
    CHECK(ww_find_first(pages.tracker(), before, 2 * kPage, &watch) == 1);
    CHECK(watch.base == pages.at(0));
    CHECK(watch.bytes == pages.bytes());
    CHECK(ww_find_first(pages.tracker(), pages.at(7), 2 * kPage, nullptr) == 1);
    CHECK(ww_find_first(pages.tracker(), before, kPage, nullptr) == 0);
    CHECK(ww_find_first(pages.tracker(), pages.at(8), kPage, nullptr) == 0);
    const std::size_t rest = 0 - reinterpret_cast<std::uintptr_t>(before) - kPage;
    CHECK(ww_find_first(pages.tracker(), before, rest, nullptr) == 1);
    CHECK(ww_find_first(pages.tracker(), pages.at(8), rest - pages.bytes(), nullptr) == 0);
}

TEST_CASE("watching what is watched is refused and changes nothing") {
    const Watched pages{8};
    pages.store(3);
    CHECK(ww_watch(pages.tracker(), pages.at(2), 4 * kPage, 0) == -EEXIST);
    CHECK(ww_watch(pages.tracker(), pages.at(0), pages.bytes(), 0) == -EEXIST);
    CHECK(pages.written() == PageSet{3});
    CHECK(pages.counters().watches == 1);
}

TEST_CASE("watching what another tracker watches is refused, and it keeps its state") {
    const Watched pages{8};
    pages.store(3);
    const TrackerPtr other = make_tracker();
    CHECK(ww_watch(other.get(), pages.at(0), pages.bytes(), 0) == -EBUSY);
    CHECK(collect_one(other.get(), pages.at(0)) == -ENOENT);
    CHECK(pages.written_and_reset() == PageSet{3});
    pages.store(4);
    CHECK(pages.written() == PageSet{4});
}

TEST_CASE("unmapped memory is refused, and not watched afterwards") {
    const Pages pages{8};
    const TrackerPtr tracker = make_tracker();
    REQUIRE(::munmap(pages.at(3), kPage) == 0);
    CHECK(ww_watch(tracker.get(), pages.at(0), pages.bytes(), 0) == -ENOMEM);
    CHECK(collect_one(tracker.get(), pages.at(0)) == -ENOENT);
    CHECK(ww_watch(tracker.get(), pages.at(0), 3 * kPage, 0) == 0);
}

TEST_CASE("a shared mapping that can never be written is refused, a private one is served") {
    NEED(can::refuse_kinds);
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    REQUIRE(file >= 0);
    const TrackerPtr tracker = make_tracker();
    void* shared = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, file, 0);
    REQUIRE(shared != MAP_FAILED);
    CHECK(ww_watch(tracker.get(), shared, kPage, 0) == -EPERM);
    CHECK(collect_one(tracker.get(), shared) == -ENOENT);
    void* own = ::mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE, file, 0);
    REQUIRE(own != MAP_FAILED);
    CHECK(ww_watch(tracker.get(), own, kPage, 0) == 0);
    CHECK(collect_one(tracker.get(), own) == 0);
    REQUIRE(::mprotect(own, kPage, PROT_READ | PROT_WRITE) == 0);
    CHECK(collect_one(tracker.get(), own) == 0);
    *static_cast<volatile char*>(own) = 1;
    CHECK(collect_one(tracker.get(), own) == 1);
    ::munmap(shared, kPage);
    ::munmap(own, kPage);
    ::close(file);
}

TEST_CASE("the kernel's own mappings are refused") {
    const auto kernels = reinterpret_cast<void*>(::getauxval(AT_SYSINFO_EHDR));
    REQUIRE(kernels != nullptr);
    const TrackerPtr tracker = make_tracker();
    CHECK(ww_watch(tracker.get(), kernels, kPage, 0) == -EOPNOTSUPP);
    CHECK(collect_one(tracker.get(), kernels) == -ENOENT);
}

TEST_CASE("huge pages are kept of private anonymous memory only, and not with KEEP") {
    const Pages pages{4};
    const TrackerPtr tracker = make_tracker();
    CHECK(ww_watch(tracker.get(), pages.at(0), kPage, WW_WATCH_HUGE_PAGES | WW_WATCH_KEEP) ==
          -EINVAL);
    REQUIRE(::mmap(pages.at(1), kPage, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages.at(1));
    CHECK(ww_watch(tracker.get(), pages.at(0), pages.bytes(), WW_WATCH_HUGE_PAGES) == -EOPNOTSUPP);
    CHECK(ww_find(tracker.get(), pages.at(0), kPage, nullptr) == 0);
}

TEST_CASE("bad ranges and flags are refused by every call on watches") {
    const Watched pages{4};
    ww_tracker* tracker = pages.tracker();
    CHECK(ww_watch(tracker, pages.at(0), 0, 0) == -EINVAL);
    CHECK(ww_watch(tracker, pages.at(0), kPage, 8) == -EINVAL);
    CHECK(ww_unwatch(tracker, pages.at(0) + 1, kPage) == -EINVAL);
    CHECK(ww_forget(tracker, pages.at(0), kPage + 1) == -EINVAL);
    CHECK(ww_remapped(tracker, pages.at(0), 0) == -EINVAL);
    CHECK(ww_tracker_create(nullptr) == -EINVAL);
    CHECK(pages.counters().watches == 1);
}

TEST_CASE("unwatch: the middle ends, both sides go on with what they knew") {
    const Watched pages{9};
    pages.store(0);
    pages.store(4);
    pages.store(8);
    REQUIRE(ww_unwatch(pages.tracker(), pages.at(3), 3 * kPage) == 0);
    CHECK(pages.collect(0, 0, 3) == PageSet{0});
    CHECK(pages.collect(0, 6, 3) == PageSet{8});
    CHECK(collect_one(pages.tracker(), pages.at(4)) == -ENOENT);
    CHECK(ww_find(pages.tracker(), pages.at(2), 5 * kPage, nullptr) == 0);
    pages.store(4); // no fault is left there
    CHECK(pages.counters().watches == 2);
    CHECK(ww_unwatch(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    CHECK(pages.counters().watches == 0);
    CHECK(ww_unwatch(pages.tracker(), pages.at(0), pages.bytes()) == 0);
}

TEST_CASE("unwatch where nothing is mapped any more: ends the watch, and those behind it") {
    const Pages pages{8};
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), pages.at(0), 2 * kPage, 0) == 0);
    REQUIRE(ww_watch(tracker.get(), pages.at(4), 2 * kPage, 0) == 0);
    REQUIRE(::munmap(pages.at(0), 2 * kPage) == 0);
    CHECK(ww_unwatch(tracker.get(), pages.at(0), pages.bytes()) == 0);
    CHECK(ww_find(tracker.get(), pages.at(0), kPage, nullptr) == 0);
    CHECK(ww_find(tracker.get(), pages.at(4), kPage, nullptr) == 0);
    const TrackerPtr other = make_tracker(); // the memory behind is free for another
    CHECK(ww_watch(other.get(), pages.at(4), 2 * kPage, 0) == 0);
}

TEST_CASE("unwatched memory can be watched again, also by another tracker, and starts clean") {
    const Watched pages{4};
    pages.store_all();
    REQUIRE(ww_unwatch(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    const TrackerPtr other = make_tracker();
    REQUIRE(ww_watch(other.get(), pages.at(0), pages.bytes(), 0) == 0);
    CHECK(collect_one(other.get(), pages.at(0)) == 0);
    pages.store(0);
    CHECK(collect_one(other.get(), pages.at(0)) == 1);
}

TEST_CASE("forget and watch again with KEEP: nothing of the state is lost") {
    NEED(can::keep_state_when_forgotten);
    const Watched pages{8};
    pages.store(1);
    pages.store(2);
    REQUIRE(pages.collect(WW_RESET, 1, 1) == PageSet{1});
    REQUIRE(ww_forget(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    CHECK(collect_one(pages.tracker(), pages.at(2)) == -ENOENT);
    pages.store(5);
    REQUIRE(ww_watch(pages.tracker(), pages.at(0), pages.bytes(),
                     WW_WATCH_ANONYMOUS | WW_WATCH_KEEP) == 0);
    CHECK(pages.written() == PageSet{2, 5});
}

TEST_CASE("memory mapped anew at a forgotten address starts clean") {
    const Watched pages{4};
    pages.store_all();
    REQUIRE(ww_forget(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    REQUIRE(::mmap(pages.at(0), pages.bytes(), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages.at(0));
    REQUIRE(ww_watch(pages.tracker(), pages.at(0), pages.bytes(), WW_WATCH_ANONYMOUS) == 0);
    CHECK(pages.written().empty());
    pages.store(2);
    CHECK(pages.written() == PageSet{2});
}

TEST_CASE("two watches side by side are two: a range over both is refused") {
    const Pages pages{8};
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), pages.at(0), 4 * kPage, 0) == 0);
    REQUIRE(ww_watch(tracker.get(), pages.at(4), 4 * kPage, 0) == 0);
    void* out = nullptr;
    CHECK(ww_collect_pages(tracker.get(), pages.at(3), 2 * kPage, 0, &out, 1, nullptr) == -ENOENT);
}

TEST_CASE("forget and unwatch end all watches in their range, and parts of those at its ends") {
    for (const auto end : {ww_forget, ww_unwatch}) {
        const Pages pages{12};
        const TrackerPtr tracker = make_tracker();
        for (std::size_t page = 0; page < 12; page += 4)
            REQUIRE(ww_watch(tracker.get(), pages.at(page), 3 * kPage, 0) == 0);
        CHECK(end(tracker.get(), pages.at(1), 8 * kPage) == 0);
        for (std::size_t page = 0; page < 12; ++page) {
            const bool watched = page == 0 || page == 9 || page == 10;
            CHECK(ww_find(tracker.get(), pages.at(page), kPage, nullptr) == watched);
        }
    }
}

TEST_CASE("destroying a tracker lets the memory live on, unprotected and free for another") {
    const Pages pages{4};
    {
        const TrackerPtr tracker = make_tracker();
        REQUIRE(ww_watch(tracker.get(), pages.at(0), pages.bytes(), 0) == 0);
        pages.store(1, 'a');
    }
    CHECK(pages.load(1) == 'a');
    pages.store(2);
    const TrackerPtr next = make_tracker();
    CHECK(ww_watch(next.get(), pages.at(0), pages.bytes(), 0) == 0);
    ww_tracker_destroy(nullptr);
}

TEST_CASE("what serves: the back end has a name and no reason against it") {
    const char* forced = std::getenv("WRITEWATCH_BACKEND");
    const bool by_mprotect = forced != nullptr && forced == std::string_view{"mprotect"};
    const ww_backend expected = by_mprotect ? WW_BACKEND_MPROTECT : WW_BACKEND_PAGEMAP_SCAN;
    char reason[WW_REASON_BYTES] = "#";
    CHECK(ww_probe(reason, sizeof reason) == expected);
    CHECK(std::string_view{reason} == (by_mprotect ? "WRITEWATCH_BACKEND=mprotect" : ""));
    CHECK(ww_probe(nullptr, 0) == expected);
    CHECK(ww_backend_name(WW_BACKEND_MPROTECT) == std::string_view{"mprotect"});
    CHECK(ww_backend_name(WW_BACKEND_PAGEMAP_SCAN) == std::string_view{"pagemap-scan"});
    CHECK(ww_backend_name(WW_BACKEND_NONE) == std::string_view{"none"});
    CHECK(ww_tracker_backend(make_tracker().get()) == expected);
}

TEST_CASE("counters: an older caller's shorter struct is filled, a newer one's rest is zero") {
    const Watched pages{4};
    struct {
        ww_counters known;
        std::uint64_t later[2];
    } counters;
    std::memset(&counters, 7, sizeof counters);
    ww_tracker_counters(pages.tracker(), &counters.known, sizeof(std::uint64_t));
    CHECK(counters.known.watches == 1);
    CHECK(counters.known.repairs == 0x0707070707070707);
    ww_tracker_counters(pages.tracker(), &counters.known, sizeof counters);
    CHECK(counters.known.repairs == 0);
    CHECK(counters.later[1] == 0);
}
