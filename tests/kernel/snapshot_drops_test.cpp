// SPDX-License-Identifier: MIT
#include "kept.h"
#include "need.h"

#include <cerrno>
#include <sys/mman.h>

TEST_CASE("snapshots: contents that were dropped are a change, and come back") {
    NEED(can::tell_drops);
    const Kept memory{8};
    memory.store_all();
    REQUIRE(memory.add() == 0);
    const std::uint64_t first = memory.take();
    REQUIRE(::madvise(memory.at(2), 3 * kPage, MADV_DONTNEED) == 0);
    const std::uint64_t second = memory.take();
    CHECK(memory.stats().last_pages == 3);
    CHECK(memory.stats().bytes_kept == (8 + 1) * kPage); // zeros cost nothing
    REQUIRE(memory.restore(first) == 0);
    CHECK(memory.load(3) == 1);
    REQUIRE(memory.restore(second) == 0);
    CHECK(memory.load(3) == 0);
    REQUIRE(::madvise(memory.at(6), kPage, MADV_DONTNEED) == 0);
    REQUIRE(memory.restore(second) == 0);
    CHECK(memory.load(6) == 1);
}

TEST_CASE("snapshots: a hot page that is dropped, restored, and dropped again is seen each time") {
    NEED(can::tell_drops);
    const Kept memory{8, 64};
    REQUIRE(memory.add() == 0);
    for (int takes_meanwhile = 1; takes_meanwhile < 40; ++takes_meanwhile) {
        std::uint64_t filled = 0;
        for (char frame = 1; frame <= 5; ++frame) {
            memory.store(2, frame);
            filled = memory.take();
        }
        REQUIRE(::madvise(memory.at(2), kPage, MADV_DONTNEED) == 0);
        for (int i = 0; i < takes_meanwhile; ++i)
            memory.take(); // one of which arms all
        REQUIRE(memory.restore(filled) == 0);
        CHECK(memory.load(2) == 5);
        REQUIRE(::madvise(memory.at(2), kPage, MADV_DONTNEED) == 0);
        REQUIRE(memory.restore(filled) == 0);
        CHECK(memory.load(2) == 5);
    }
}

TEST_CASE("snapshots: a drop that the tracker is told of is no change until it is written to") {
    const auto discard = [](const Kept& memory) {
        return ::madvise(memory.at(2), kPage, MADV_DONTNEED) != 0
                   ? -EIO
                   : ww_discarded(memory.tracker(), memory.at(2), kPage);
    };
    const auto map_anew = [](const Kept& memory) {
        void* mapped = ::mmap(memory.at(2), kPage, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        return mapped != memory.at(2) ? -EIO : ww_remapped(memory.tracker(), mapped, kPage);
    };
    for (int (*drop)(const Kept&) : {+discard, +map_anew}) {
        const Kept memory{8};
        memory.store_all();
        REQUIRE(memory.add() == 0);
        const std::uint64_t first = memory.take();
        REQUIRE(drop(memory) == 0);
        const std::uint64_t dropped = memory.take();
        CHECK(memory.stats().last_pages == 0);
        REQUIRE(memory.restore(first) == 0);
        CHECK(memory.load(2) == 0);
        REQUIRE(memory.restore(dropped) == 0);
        memory.store(2, 7);
        const std::uint64_t written = memory.take();
        CHECK(memory.stats().last_pages == 1);
        REQUIRE(memory.restore(first) == 0);
        CHECK(memory.load(2) == 1);
        REQUIRE(memory.restore(written) == 0);
        CHECK(memory.load(2) == 7);
    }
}
