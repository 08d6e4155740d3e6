// SPDX-License-Identifier: MIT
// Checkpoints of shared memory that is mapped at several addresses.
#include "aliases.h"

#include "writewatch/snapshot.h"

#include <cerrno>
#include <cstring>
#include <random>
#include <string>

namespace {

constexpr std::size_t kPages = 64;
constexpr std::size_t kRoomy = std::size_t{16} << 20;

struct SnapshotsDeleter {
    void operator()(ww_snapshots* snapshots) const { ww_snapshots_destroy(snapshots); }
};

// The whole object twice, and its middle once; kept through the first.
struct KeptMirrors {
    TrackerPtr tracker = make_tracker();
    SharedObject object{kPages};
    View whole{object, 0, kPages};
    View mirror{object, 0, kPages};
    View middle{object, 20, 10};
    Group group{tracker.get(), kPages};
    std::unique_ptr<ww_snapshots, SnapshotsDeleter> snapshots;

    explicit KeptMirrors(std::size_t bytes_limit = kRoomy) {
        for (const View* view : {&whole, &mirror, &middle})
            REQUIRE(group.add(*view) == 0);
        ww_snapshots* made = nullptr;
        REQUIRE(ww_snapshots_create(tracker.get(), 8, bytes_limit, &made) == 0);
        snapshots.reset(made);
    }
    int add(const View& view) const {
        return ww_snapshots_add_aliases(snapshots.get(), group.get(), view.base(), view.bytes());
    }
    std::uint64_t take() const {
        std::uint64_t id = 0;
        REQUIRE(ww_snapshots_take(snapshots.get(), &id) == 0);
        return id;
    }
    int restore(std::uint64_t id) const { return ww_snapshots_restore(snapshots.get(), id); }
    std::string contents() const { return {whole.base(), whole.bytes()}; }
    ww_snapshot_stats stats() const {
        ww_snapshot_stats stats;
        ww_snapshots_stats(snapshots.get(), &stats, sizeof stats);
        return stats;
    }
};

} // namespace

TEST_CASE("snapshots of aliases: what is written through any view comes back in all") {
    const KeptMirrors m;
    *m.whole.at(3) = 5;
    REQUIRE(m.add(m.whole) == 0);
    const std::uint64_t first = m.take();
    m.mirror.store(3);
    m.middle.store(25);
    const std::uint64_t second = m.take();
    CHECK(m.stats().last_pages == 2);
    m.mirror.store(40);
    REQUIRE(m.restore(first) == 0);
    CHECK(m.stats().last_pages == 3);
    CHECK(*m.mirror.at(3) == 5);
    CHECK(*m.middle.at(25) == 0);
    CHECK(*m.mirror.at(40) == 0);
    REQUIRE(m.restore(second) == 0);
    CHECK(*m.whole.at(3) == 1);
    CHECK(*m.middle.at(25) == 1);
    m.take();
    CHECK(m.stats().last_pages == 0);
}

TEST_CASE("snapshots of aliases: other readers of the group are told all the same") {
    const KeptMirrors m;
    REQUIRE(m.add(m.whole) == 0);
    const std::uint64_t mark = m.group.advance();
    m.mirror.store(7);
    m.take();
    m.group.advance();
    CHECK(m.group.since(mark) == PageSet{7});
}

TEST_CASE("snapshots of aliases: beside them a watch of its own") {
    const KeptMirrors m;
    const Pages heap{4};
    REQUIRE(ww_watch(m.tracker.get(), heap.at(0), heap.bytes(), 0) == 0);
    REQUIRE(m.add(m.middle) == 0);
    REQUIRE(ww_snapshots_add(m.snapshots.get(), heap.at(0), heap.bytes()) == 0);
    const std::uint64_t first = m.take();
    heap.store(1, 9);
    m.mirror.store(20);
    m.mirror.store(2); // is not kept
    m.take();
    CHECK(m.stats().last_pages == 2);
    REQUIRE(m.restore(first) == 0);
    CHECK(heap.load(1) == 0);
    CHECK(*m.whole.at(20) == 0);
    CHECK(*m.whole.at(2) == 1);
}

TEST_CASE("snapshots of aliases: bad arguments are refused") {
    const KeptMirrors m;
    CHECK(ww_snapshots_add_aliases(m.snapshots.get(), m.group.get(), m.whole.base() + 1, kPage) ==
          -EINVAL);
    const Pages other{2};
    CHECK(ww_snapshots_add_aliases(m.snapshots.get(), m.group.get(), other.at(0), kPage) ==
          -ENOENT);
    REQUIRE(m.add(m.whole) == 0);
    CHECK(m.add(m.whole) == -EEXIST);
    CHECK(ww_snapshots_add(m.snapshots.get(), m.mirror.base(), kPage) == -EBUSY);
    const SharedObject object{kPages};
    const TrackerPtr tracker = make_tracker();
    const Group foreign{tracker.get(), kPages};
    CHECK(ww_snapshots_add_aliases(m.snapshots.get(), foreign.get(), m.mirror.base(), kPage) ==
          -EINVAL);
}

TEST_CASE("snapshots of aliases: without the view that they are read through, an error") {
    const KeptMirrors m;
    REQUIRE(m.add(m.mirror) == 0);
    const std::uint64_t first = m.take();
    REQUIRE(m.group.remove(m.mirror) == 0);
    std::uint64_t id = 0;
    CHECK(ww_snapshots_take(m.snapshots.get(), &id) == -ENOENT);
    CHECK(m.restore(first) == -ENOENT);
}

TEST_CASE("snapshots of aliases: a take that does not fit loses nothing of what was written") {
    const KeptMirrors m{16 * kPage};
    REQUIRE(m.add(m.whole) == 0);
    const std::uint64_t first = m.take();
    std::mt19937 random{3};
    for (std::size_t i = 0; i < m.mirror.bytes(); ++i)
        m.mirror.base()[i] = static_cast<char>(random());
    std::uint64_t id = 0;
    CHECK(ww_snapshots_take(m.snapshots.get(), &id) == -ENOMEM);
    REQUIRE(m.restore(first) == 0);
    CHECK(m.contents() == std::string(m.whole.bytes(), '\0'));
}

TEST_CASE("snapshots of aliases: any sequence restores what full copies hold, also short of "
          "memory") {
    for (const std::size_t limit : {kRoomy, 80 * kPage}) {
        const KeptMirrors m{limit};
        REQUIRE(m.add(m.whole) == 0);
        std::mt19937 random{7};
        std::vector<std::pair<std::uint64_t, std::string>> known;
        int restores = 0;
        for (int round = 0; round < 600; ++round) {
            for (std::size_t stores = random() % 12; stores > 0; --stores) {
                const View& view = random() % 3 == 0 ? m.middle : random() % 2 == 0 ? m.whole
                                                                                   : m.mirror;
                const std::size_t page = view.first() + random() % (view.end() - view.first());
                std::memset(view.at(page) + random() % 2000, static_cast<int>(random() % 4),
                            random() % 2000);
            }
            if (random() % 3 != 0) {
                std::uint64_t id = 0;
                if (const int error = ww_snapshots_take(m.snapshots.get(), &id)) {
                    REQUIRE(error == -ENOMEM);
                    continue;
                }
                known.emplace_back(id, m.contents());
                continue;
            }
            std::erase_if(known, [&](const auto& each) { return each.first < m.stats().oldest; });
            if (known.empty())
                continue;
            const std::size_t place = random() % known.size();
            REQUIRE(m.restore(known[place].first) == 0);
            const bool same = m.contents() == known[place].second;
            REQUIRE(same);
            known.resize(place + 1); // the next take ends those behind
            ++restores;
        }
        CHECK(restores > 50);
    }
}
