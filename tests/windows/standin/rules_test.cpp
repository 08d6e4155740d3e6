// SPDX-License-Identifier: MIT
// The Windows rules by themselves: no kernel, no Wine, a tracker by hand.
#include <doctest/doctest.h>

#include "fake_tracker.h"

#include <allocation_type.h>
#include <status.h>
#include <write_watches.h>

#include <cerrno>

using namespace ww::wine;

namespace {

constexpr SIZE_T kPage = kGranularity;
using Calls = std::vector<std::string>;

LatchedPages latched; // a watch begins without what an earlier case left here

// Watches 16 pages at page 256; pages are numbered from there.
struct Fixture {
    Fixture() {
        fake = {};
        REQUIRE(watches.watch(pages(0, 16)) == STATUS_SUCCESS);
        fake.calls.clear();
    }
    static PageRange pages(std::size_t first, std::size_t count) {
        return {(256 + first) * kPage, count * kPage};
    }
    static void write(std::size_t page) { fake.dirty.insert((256 + page) * kPage); }

    NTSTATUS query(ULONG flags, ULONG_PTR capacity) {
        std::vector<void*> found(16);
        count = capacity;
        granularity = 0;
        reported.clear();
        const NTSTATUS status =
            watches.query(pages(0, 16), flags, found.data(), &count, &granularity);
        if (status == STATUS_SUCCESS) {
            for (ULONG_PTR i = 0; i < count; ++i)
                reported.push_back(reinterpret_cast<std::uintptr_t>(found[i]) / kPage - 256);
        }
        return status;
    }

    WriteWatches watches{latched};
    std::vector<std::size_t> reported;
    ULONG_PTR count = 0;
    ULONG granularity = 0;
};

void* address(ULONG_PTR value) {
    return reinterpret_cast<void*>(value);
}

} // namespace

TEST_CASE("page range: every page that a byte of the range lies in") {
    const auto around = [](ULONG_PTR base, SIZE_T size) {
        const PageRange range = PageRange::around(address(base), size);
        return std::vector<std::size_t>{range.start / kPage, range.page_count()};
    };
    using Expected = std::vector<std::size_t>;
    CHECK(around(0x10000, 0x1000) == Expected{16, 1});
    CHECK(around(0x10000, 0) == Expected{16, 0});
    CHECK(around(0x10001, 0) == Expected{16, 1});
    CHECK(around(0x10fff, 2) == Expected{16, 2});
    CHECK(around(0x10000, ~SIZE_T{0}) == Expected{16, 0});
    CHECK(around(0x10002, ~SIZE_T{0}) == Expected{16, 1});
    CHECK(PageRange{0x10000, ~SIZE_T{0xfff}}.wraps());
    CHECK_FALSE(PageRange{0x10000, 0x1000}.wraps());
}

TEST_CASE("page range that is asked about: the same, but a sum that wraps is a range that wraps") {
    for (const SIZE_T size : {SIZE_T{0}, SIZE_T{1}, 3 * kPage})
        for (const ULONG_PTR base : {0x10000U, 0x10001U, 0x10fffU}) {
            const PageRange asked = PageRange::asked(address(base), size);
            CHECK(asked.start == PageRange::around(address(base), size).start);
            CHECK(asked.bytes == PageRange::around(address(base), size).bytes);
        }
    for (const ULONG_PTR offset : {0U, 1U, 2U, 0xfffU})
        CHECK(PageRange::asked(address(0x10000 + offset), ~SIZE_T{0}).wraps());
    CHECK(PageRange::asked(address(0x10fff), ~SIZE_T{0} - 0x2000).wraps());
}

TEST_CASE("status of an error: the table, and never a success") {
    CHECK(status_from_error(-EPERM) == STATUS_ACCESS_DENIED);
    CHECK(status_from_error(-ENOENT) == STATUS_INVALID_PARAMETER);
    CHECK(status_from_error(-ENOMEM) == STATUS_NO_MEMORY);
    CHECK(status_from_error(-EACCES) == STATUS_ACCESS_DENIED);
    CHECK(status_from_error(-EFAULT) == STATUS_ACCESS_VIOLATION);
    CHECK(status_from_error(-EEXIST) == STATUS_CONFLICTING_ADDRESSES);
    CHECK(status_from_error(-EINVAL) == STATUS_INVALID_PARAMETER);
    CHECK(status_from_error(-ENFILE) == STATUS_TOO_MANY_OPENED_FILES);
    CHECK(status_from_error(-EMFILE) == STATUS_TOO_MANY_OPENED_FILES);
    CHECK(status_from_error(-ENOSYS) == STATUS_NOT_SUPPORTED);
    CHECK(status_from_error(-ENOTSUP) == STATUS_NOT_SUPPORTED);
    CHECK(status_from_error(-EOPNOTSUPP) == STATUS_NOT_SUPPORTED);
    for (int error = 1; error < 4096; ++error)
        CHECK(status_from_error(-error) != STATUS_SUCCESS);
}

TEST_CASE("allocation type: watched are new reservations with flags that are understood") {
    void* const none = nullptr;
    void* const there = address(0x10000000);
    CHECK(can_watch(none, MEM_WRITE_WATCH | MEM_RESERVE));
    CHECK(can_watch(there, MEM_WRITE_WATCH | MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN));
    CHECK(can_watch(there, MEM_WRITE_WATCH | MEM_RESERVE | MEM_REPLACE_PLACEHOLDER));
    CHECK_FALSE(can_watch(none, MEM_RESERVE | MEM_COMMIT));
    CHECK_FALSE(can_watch(none, MEM_WRITE_WATCH));
    CHECK_FALSE(can_watch(none, MEM_WRITE_WATCH | MEM_COMMIT));
    CHECK_FALSE(can_watch(there, MEM_WRITE_WATCH | MEM_COMMIT));
    CHECK_FALSE(can_watch(none, MEM_WRITE_WATCH | MEM_RESERVE | MEM_RESET));
    CHECK_FALSE(can_watch(none, MEM_WRITE_WATCH | MEM_RESERVE | 0x40000 /* placeholder */));
    CHECK_FALSE(can_watch(none, MEM_WRITE_WATCH | MEM_RESERVE | 0x400000 /* physical */));
    CHECK_FALSE(can_watch(none, MEM_WRITE_WATCH | MEM_RESERVE | 0x20000000 /* large pages */));
    CHECK_FALSE(can_watch(address(1), MEM_WRITE_WATCH | MEM_RESERVE));
}

TEST_CASE("allocation type: refused is a write watch without a reservation, or with a reset") {
    CHECK(is_refused(MEM_WRITE_WATCH));
    CHECK(is_refused(MEM_WRITE_WATCH | MEM_COMMIT));
    CHECK(is_refused(MEM_WRITE_WATCH | MEM_RESET));
    CHECK(is_refused(MEM_WRITE_WATCH | MEM_RESERVE | MEM_COMMIT | MEM_RESET));
    CHECK_FALSE(is_refused(MEM_WRITE_WATCH | MEM_RESERVE));
    CHECK_FALSE(is_refused(MEM_COMMIT));
    CHECK_FALSE(is_refused(MEM_RESET));
}

TEST_CASE("process that never watches: no tracker, no calls") {
    fake = {};
    WriteWatches watches{latched};
    watches.reserved(Fixture::pages(0, 4));
    const auto part = watches.part_to_free(address(256 * kPage), 0);
    watches.releasing(part);
    watches.release_failed(part);
    watches.decommitted(watches.part_to_free(address(256 * kPage), kPage));
    CHECK_FALSE(watches.covers(Fixture::pages(0, 4)));
    CHECK_FALSE(watches.any());
    CHECK(fake.calls == Calls{});
}

TEST_CASE("tracker that cannot be made: not watched, and tried again the next time") {
    fake = {};
    WriteWatches watches{latched};
    fake.error = -EMFILE;
    CHECK(watches.watch(Fixture::pages(0, 4)) == STATUS_TOO_MANY_OPENED_FILES);
    fake.error = 0;
    CHECK(watches.watch(Fixture::pages(0, 4)) == STATUS_SUCCESS);
}

TEST_CASE_FIXTURE(Fixture, "covers: a range inside the watch, not empty, not wrapping") {
    CHECK(watches.covers(pages(0, 16)));
    CHECK(watches.covers(pages(15, 1)));
    CHECK_FALSE(watches.covers(pages(15, 2)));
    CHECK_FALSE(watches.covers(pages(3, 0)));
    CHECK_FALSE(watches.covers({256 * kPage, ~SIZE_T{0} - kPage + 1}));
}

TEST_CASE_FIXTURE(Fixture, "release: the part is forgotten; a failure watches the whole, kept") {
    const auto part = watches.part_to_free(address(260 * kPage + 5), kPage);
    watches.releasing(part);
    CHECK(fake.calls == Calls{"forget 260+2"});
    watches.release_failed(part);
    CHECK(fake.calls == Calls{"forget 260+2", "forget 256+16", "watch 256+16 keep"});
}

TEST_CASE_FIXTURE(Fixture, "release of size 0: from the base to the end of the watch") {
    watches.releasing(watches.part_to_free(address(256 * kPage), 0));
    CHECK(fake.calls == Calls{"forget 256+16"});
}

TEST_CASE_FIXTURE(Fixture, "release of what is not watched, or not all of it: nothing forgotten") {
    watches.releasing(watches.part_to_free(address(1000 * kPage), 0));
    watches.releasing(watches.part_to_free(address(271 * kPage), 2 * kPage));
    CHECK(fake.calls == Calls{});
}

TEST_CASE_FIXTURE(Fixture, "decommit: tells of the part, of size 0 of the whole") {
    watches.decommitted(watches.part_to_free(address(258 * kPage), kPage));
    watches.decommitted(watches.part_to_free(address(256 * kPage), 0));
    CHECK(fake.calls == Calls{"remapped 258+1", "remapped 256+16"});
}

TEST_CASE_FIXTURE(Fixture, "protect: pages written before are reported after a decommit") {
    write(2);
    watches.protection_changed(pages(0, 8));
    write(3);
    write(9);
    watches.decommitted(watches.part_to_free(address(256 * kPage), 0));
    CHECK(query(0, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{2});
    CHECK(query(WRITE_WATCH_FLAG_RESET, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{2});
    CHECK(query(0, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{});
}

TEST_CASE_FIXTURE(Fixture, "latched and written pages: one answer, ascending, each once") {
    for (const std::size_t page : {1U, 4U, 5U, 8U})
        write(page);
    watches.protection_changed(pages(4, 4));
    write(12);
    CHECK(query(0, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{1, 4, 5, 8, 12});
    CHECK(query(WRITE_WATCH_FLAG_RESET, 2) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{1, 4});
    CHECK(query(WRITE_WATCH_FLAG_RESET, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{5, 8, 12});
    CHECK(query(WRITE_WATCH_FLAG_RESET, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{});
}

TEST_CASE_FIXTURE(Fixture, "latched pages: a reset cleans those of its range, a new watch all") {
    write(1);
    write(6);
    watches.protection_changed(pages(0, 16));
    watches.decommitted(watches.part_to_free(address(256 * kPage), 0));
    CHECK(watches.reset(pages(0, 4)) == STATUS_SUCCESS);
    CHECK(query(0, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{6});
    watches.releasing(watches.part_to_free(address(256 * kPage), 0));
    REQUIRE(watches.watch(pages(0, 16)) == STATUS_SUCCESS);
    CHECK(query(0, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{});
}

TEST_CASE_FIXTURE(Fixture, "latched pages: a release that fails keeps them") {
    write(6);
    watches.protection_changed(pages(0, 16));
    watches.decommitted(watches.part_to_free(address(256 * kPage), 0));
    const auto part = watches.part_to_free(address(256 * kPage), 0);
    watches.releasing(part);
    watches.release_failed(part);
    CHECK(query(0, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{6});
}

TEST_CASE_FIXTURE(Fixture, "protect of what is not watched, or not all of it: nothing latched") {
    write(15);
    watches.protection_changed(pages(15, 2));
    watches.decommitted(watches.part_to_free(address(256 * kPage), 0));
    CHECK(query(0, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{});
}

TEST_CASE_FIXTURE(Fixture, "query that fails behind a latched page: the latched page is not lost") {
    write(1);
    watches.protection_changed(pages(0, 16));
    fake.fails_at = (256 + 2) * kPage;
    fake.error = -ENOMEM;
    CHECK(query(WRITE_WATCH_FLAG_RESET, 16) == STATUS_SUCCESS);
    CHECK(reported.size() == 15);
    CHECK(reported[0] == 1);
}

TEST_CASE_FIXTURE(Fixture, "overlaps: any page of the range, which may begin outside") {
    CHECK(watches.overlaps(pages(15, 2)));
    CHECK(watches.overlaps({255 * kPage, 2 * kPage}));
    CHECK_FALSE(watches.overlaps(pages(16, 4)));
    CHECK_FALSE(watches.overlaps(pages(0, 0)));
    CHECK_FALSE(watches.overlaps({256 * kPage, ~SIZE_T{0} - kPage + 1}));
}

TEST_CASE_FIXTURE(Fixture, "query: checks in Windows' order, whatever the range") {
    void* found[1];
    ULONG_PTR capacity = 1;
    ULONG_PTR none = 0;
    ULONG unit = 0;
    const PageRange unwatched = pages(100, 1);
    CHECK(watches.query(unwatched, 0, found, nullptr, &unit) == STATUS_ACCESS_VIOLATION);
    CHECK(watches.query(unwatched, 0, found, &none, nullptr) == STATUS_ACCESS_VIOLATION);
    CHECK(watches.query(unwatched, 0, nullptr, &none, &unit) == STATUS_INVALID_PARAMETER);
    CHECK(watches.query(pages(0, 0), 0, nullptr, &capacity, &unit) == STATUS_INVALID_PARAMETER);
    CHECK(watches.query(unwatched, 2, nullptr, &capacity, &unit) == STATUS_INVALID_PARAMETER);
    CHECK(watches.query(unwatched, 0, nullptr, &capacity, &unit) == STATUS_ACCESS_VIOLATION);
    CHECK(watches.query(unwatched, 0, found, &capacity, &unit) == STATUS_INVALID_PARAMETER);
    CHECK(watches.reset(unwatched) == STATUS_INVALID_PARAMETER);
    CHECK(watches.reset(pages(3, 0)) == STATUS_INVALID_PARAMETER);
    CHECK(capacity == 1);
    CHECK(unit == 0);
}

TEST_CASE_FIXTURE(Fixture, "query: goes on where the tracker stops early") {
    for (const std::size_t page : {1U, 2U, 9U, 15U})
        write(page);
    fake.most_at_once = 1;
    CHECK(query(WRITE_WATCH_FLAG_RESET, 3) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{1, 2, 9});
    CHECK(query(WRITE_WATCH_FLAG_RESET, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{15});
    CHECK(granularity == kPage);
}

TEST_CASE_FIXTURE(Fixture, "query that fails at once: its status, outputs untouched") {
    fake.fails_at = 256 * kPage;
    fake.error = -ENOMEM;
    CHECK(query(0, 16) == STATUS_NO_MEMORY);
    CHECK(count == 16);
    CHECK(granularity == 0);
}

TEST_CASE_FIXTURE(Fixture, "query that fails half-way: the rest is reported as written") {
    write(1);
    fake.fails_at = (256 + 12) * kPage;
    fake.error = -ENOMEM;
    CHECK(query(WRITE_WATCH_FLAG_RESET, 16) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{1, 12, 13, 14, 15});
    write(1);
    CHECK(query(WRITE_WATCH_FLAG_RESET, 3) == STATUS_SUCCESS);
    CHECK(reported == std::vector<std::size_t>{1, 12, 13});
}

TEST_CASE_FIXTURE(Fixture, "query of a tracker that makes no progress: an error, not a hang") {
    fake.most_at_once = 0;
    CHECK(query(0, 16) == STATUS_INTERNAL_ERROR);
}

TEST_CASE_FIXTURE(Fixture, "reset: the tracker's error as a status") {
    CHECK(watches.reset(pages(0, 16)) == STATUS_SUCCESS);
    fake.error = -ENOENT;
    CHECK(watches.reset(pages(0, 16)) == STATUS_INVALID_PARAMETER);
}
