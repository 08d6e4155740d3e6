// SPDX-License-Identifier: MIT
#include "../need.h"
#include "../pages.h"

#include "writewatch/extent_hooks.h"
#include "writewatch/runs.h"

#include <array>
#include <cstring>

namespace {

const ww_extent_hooks& hooks = *ww_extents_hooks();

struct ExtentsDeleter {
    void operator()(ww_extents* extents) const { ww_extents_destroy(extents); }
};

class Extents {
public:
    explicit Extents(std::size_t bytes = std::size_t{4} << 20) {
        ww_extents* made = nullptr;
        REQUIRE(ww_extents_create(tracker.get(), bytes, &made) == 0);
        owner_.reset(made);
    }
    ww_extents* get() const { return owner_.get(); }
    char* alloc(std::size_t pages, std::size_t alignment = 0) const {
        return static_cast<char*>(hooks.alloc(get(), pages * kPage, alignment));
    }
    std::ptrdiff_t written(unsigned flags = WW_RESET) const {
        const ww_range range = ww_extents_range(get());
        return ww_count_written(tracker.get(), range.base, range.bytes, flags, range.bytes,
                                nullptr);
    }

    TrackerPtr tracker = make_tracker();

private:
    std::unique_ptr<ww_extents, ExtentsDeleter> owner_;
};

} // namespace

TEST_CASE("extents: what is written in them is found, what is only allocated is not") {
    const Extents extents;
    char* first = extents.alloc(8);
    REQUIRE(first != nullptr);
    CHECK(extents.written() == 0);
    first[0] = 1;
    first[3 * kPage] = 1;
    CHECK(extents.written() == 2);
    CHECK(extents.written() == 0);
}

TEST_CASE("extents: they do not overlap, are aligned as asked, and come again when given back") {
    const Extents extents;
    char* first = extents.alloc(3);
    char* second = extents.alloc(2, 16 * kPage);
    REQUIRE(first != nullptr);
    REQUIRE(second != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(second) % (16 * kPage) == 0);
    std::memset(first, 1, 3 * kPage);
    std::memset(second, 2, 2 * kPage);
    CHECK(first[3 * kPage - 1] == 1);
    CHECK(hooks.dalloc(extents.get(), first, 3 * kPage) == 0);
    char* again = extents.alloc(3);
    CHECK(again == first);
    CHECK(again[0] == 0);
}

TEST_CASE("extents: an exhausted reservation gives NULL") {
    const Extents extents{std::size_t{2} << 20};
    const std::size_t all = (std::size_t{2} << 20) / kPage;
    CHECK(extents.alloc(all + 1) == nullptr);
    CHECK(extents.alloc(all) != nullptr);
    CHECK(extents.alloc(1) == nullptr);
}

TEST_CASE("extents: purged and decommitted pages read as zeros, and can be used at once") {
    const Extents extents;
    char* base = extents.alloc(4);
    std::memset(base, 7, 4 * kPage);
    REQUIRE(extents.written() == 4);
    CHECK(hooks.purge_forced(extents.get(), base, kPage) == 0);
    CHECK(base[0] == 0);
    CHECK(hooks.decommit(extents.get(), base + kPage, kPage) == 0);
    CHECK(hooks.commit(extents.get(), base + kPage, kPage) == 0);
    CHECK(base[kPage] == 0);
    CHECK(base[2 * kPage] == 7);
    base[0] = 1;
    CHECK(extents.written() >= 1);
    CHECK(hooks.purge_lazy(extents.get(), base + 2 * kPage, 2 * kPage) == 0);
    base[2 * kPage] = 9;
    CHECK(extents.written() >= 1);
    CHECK(base[2 * kPage] == 9);
}

TEST_CASE("extents: a purge and a decommit are told as discarded, all other hooks as nothing") {
    NEED(can::tell_drops);
    const Extents extents;
    char* base = extents.alloc(6);
    std::memset(base, 7, 6 * kPage);
    REQUIRE(extents.written() == 6);
    CHECK(hooks.split(extents.get(), base, 2 * kPage, 4 * kPage) == 0);
    CHECK(hooks.merge(extents.get(), base, 2 * kPage, base + 2 * kPage, 4 * kPage) == 0);
    CHECK(hooks.commit(extents.get(), base, 6 * kPage) == 0);
    CHECK(extents.alloc(3) != nullptr);
    CHECK(hooks.purge_forced(extents.get(), base + kPage, kPage) == 0);
    CHECK(hooks.decommit(extents.get(), base + 4 * kPage, kPage) == 0);
    const ww_range range = ww_extents_range(extents.get());
    std::array<ww_run, 8> runs;
    REQUIRE(ww_collect_runs(extents.tracker.get(), range.base, range.bytes, WW_RESET, runs.data(),
                            runs.size(), nullptr) == 2);
    CHECK(runs[0].base == base + kPage);
    CHECK(runs[1].base == base + 4 * kPage);
    for (const ww_run& run : {runs[0], runs[1]}) {
        CHECK(run.bytes == kPage);
        CHECK(run.state == WW_DISCARDED);
    }
}

TEST_CASE("extents: parts of one that was split are given back by themselves") {
    const Extents extents;
    char* base = extents.alloc(4);
    CHECK(hooks.split(extents.get(), base, kPage, 3 * kPage) == 0);
    CHECK(hooks.dalloc(extents.get(), base, kPage) == 0);
    CHECK(extents.alloc(1) == base);
    CHECK(hooks.merge(extents.get(), base, kPage, base + kPage, 3 * kPage) == 0);
    CHECK(hooks.merge(extents.get(), base, kPage, base + 2 * kPage, kPage) != 0);
}

TEST_CASE("extents: what is not an extent is refused and left alone") {
    const Extents extents;
    char* base = extents.alloc(4);
    base[0] = 5;
    char foreign = 0;
    CHECK(hooks.dalloc(extents.get(), base, 5 * kPage) != 0);
    CHECK(hooks.dalloc(extents.get(), base + 1, kPage) != 0);
    CHECK(hooks.dalloc(extents.get(), &foreign, kPage) != 0);
    CHECK(hooks.purge_forced(extents.get(), base + 4 * kPage, kPage) != 0);
    CHECK(hooks.alloc(extents.get(), kPage + 1, 0) == nullptr);
    CHECK(hooks.alloc(extents.get(), 0, 0) == nullptr);
    CHECK(hooks.alloc(extents.get(), kPage, 3 * kPage) == nullptr);
    CHECK(base[0] == 5);
    ww_extents* made = nullptr;
    CHECK(ww_extents_create(extents.tracker.get(), 0, &made) == -EINVAL);
    ww_extents_destroy(nullptr);
}

TEST_CASE("extents: destroying ends their watch") {
    const Extents extents;
    ww_extents* second = nullptr;
    REQUIRE(ww_extents_create(extents.tracker.get(), 1, &second) == 0);
    const ww_range range = ww_extents_range(second);
    CHECK(ww_find(extents.tracker.get(), range.base, range.bytes, nullptr) == 1);
    ww_extents_destroy(second);
    CHECK(ww_find(extents.tracker.get(), range.base, range.bytes, nullptr) == 0);
}
