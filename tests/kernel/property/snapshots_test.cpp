// SPDX-License-Identifier: MIT
// Any sequence of stores, takes, restores and drops keeps what full copies keep.
#include "../need.h"
#include "../pages.h"

#include "writewatch/snapshot.h"

#include <algorithm>
#include <cstring>
#include <iostream>
#include <optional>
#include <rapidcheck.h>
#include <string>
#include <sys/mman.h>

namespace {

constexpr std::size_t kPagesEach = 24;
constexpr std::size_t kCheckpoints = 5;

struct Action {
    enum Kind : unsigned char { store, fill, discard, take, restore, drop, frames, kinds };
    unsigned kind;
    unsigned where; // a page, or one of the checkpoints
    unsigned value;
};

std::ostream& operator<<(std::ostream& out, const Action& action) {
    static constexpr const char* kNames[] = {"store", "fill", "discard", "take",
                                             "restore", "drop", "frames"};
    return out << kNames[action.kind] << ' ' << action.where << ' ' << action.value;
}

rc::Gen<Action> actions() {
    return rc::gen::build<Action>(
        rc::gen::set(&Action::kind, rc::gen::weightedElement<unsigned>({{6, Action::store},
                                                                        {1, Action::fill},
                                                                        {1, Action::discard},
                                                                        {4, Action::take},
                                                                        {3, Action::restore},
                                                                        {1, Action::drop},
                                                                        {1, Action::frames}})),
        rc::gen::set(&Action::where, rc::gen::inRange(0U, unsigned{2 * kPagesEach})),
        rc::gen::set(&Action::value, rc::gen::inRange(0U, 4U)));
}

struct SnapshotsDeleter {
    void operator()(ww_snapshots* snapshots) const { ww_snapshots_destroy(snapshots); }
};

// Two watches, and full copies of both for every checkpoint.
class System {
public:
    explicit System(std::size_t slots) {
        ww_snapshots* made = nullptr;
        RC_ASSERT(ww_snapshots_create(tracker_.get(), kCheckpoints, slots * kPage, &made) == 0);
        snapshots_.reset(made);
        for (const Pages* memory : {&first_, &second_}) {
            memory->store(3, 7); // populated before anything is watched
            RC_ASSERT(ww_watch(tracker_.get(), memory->at(0), memory->bytes(), 0) == 0);
        }
        RC_ASSERT(ww_snapshots_add(made, first_.at(0), first_.bytes()) == 0);
        RC_ASSERT(ww_snapshots_add(made, second_.at(0), second_.bytes()) == 0);
    }

    void act(const Action& action) {
        switch (action.kind) {
        case Action::store:
            page(action.where)[action.value * 1000] = char(action.value);
            break;
        case Action::fill:
            std::memset(memory(action.where).at(0), int(action.value),
                        memory(action.where).bytes());
            break;
        case Action::discard:
            discard(action.where, 1 + action.value);
            break;
        case Action::take:
            take();
            break;
        case Action::restore:
            restore(action.where);
            break;
        case Action::frames:
            frames(action.where, action.value);
            break;
        default:
            drop(action.where);
        }
    }

    std::size_t restores = 0;
    std::size_t hot = 0;
    std::size_t dropped_for_room() const { return std::size_t(stats().dropped_for_room); }

private:
    struct Checkpoint {
        std::uint64_t id;
        std::string bytes;
    };

    const Pages& memory(unsigned where) const { return where < kPagesEach ? first_ : second_; }
    char* page(unsigned where) const { return memory(where).at(where % kPagesEach); }

    void discard(unsigned where, std::size_t count) const {
        const std::size_t first = where % kPagesEach;
        const std::size_t pages = std::min(count, kPagesEach - first);
        RC_ASSERT(::madvise(page(where), pages * kPage, MADV_DONTNEED) == 0);
    }

    // Until what is written is hot; at times a page is left out.
    void frames(unsigned where, unsigned left_out) {
        for (unsigned frame = 0; frame < 7; ++frame) {
            for (unsigned i = 0; i < 8; ++i) {
                if (frame < 5 || i % 4 != left_out)
                    ++page((where + i) % unsigned{2 * kPagesEach})[frame * 8];
            }
            take();
        }
        const ww_snapshot_stats now = stats();
        hot += std::size_t(now.faults_avoided);
    }

    std::string contents() const {
        return std::string(first_.at(0), first_.bytes()) +
               std::string(second_.at(0), second_.bytes());
    }

    ww_snapshot_stats stats() const {
        ww_snapshot_stats stats;
        ww_snapshots_stats(snapshots_.get(), &stats, sizeof stats);
        return stats;
    }

    // The model is told which are gone for want of room, not why.
    void check_ring() {
        const ww_snapshot_stats now = stats();
        std::erase_if(model_, [&](const Checkpoint& known) { return known.id < now.oldest; });
        RC_ASSERT(now.checkpoints == model_.size());
        if (!model_.empty())
            RC_ASSERT(now.newest == model_.back().id);
    }

    void take() {
        if (cursor_)
            std::erase_if(model_, [&](const Checkpoint& known) { return known.id > *cursor_; });
        std::uint64_t id = 0;
        const int error = ww_snapshots_take(snapshots_.get(), &id);
        if (error == -ENOMEM) {
            check_ring();
            return;
        }
        RC_ASSERT(error == 0);
        const bool had_room = stats().dropped_for_room == 0;
        model_.push_back({id, contents()});
        if (model_.size() > kCheckpoints)
            model_.erase(model_.begin());
        cursor_ = id;
        if (had_room)
            RC_ASSERT(stats().oldest == model_.front().id);
        check_ring();
    }

    void restore(unsigned which) {
        RC_ASSERT(ww_snapshots_restore(snapshots_.get(), 1'000'000) == -ENOENT);
        if (model_.empty())
            return;
        const Checkpoint& wanted = model_[which % model_.size()];
        RC_ASSERT(ww_snapshots_restore(snapshots_.get(), wanted.id) == 0);
        const bool same = contents() == wanted.bytes; // nobody wants to read 200 KB
        RC_ASSERT(same);
        cursor_ = wanted.id;
        ++restores;
    }

    void drop(unsigned which) {
        if (model_.empty())
            return;
        const auto wanted = model_.begin() + which % model_.size();
        const bool at_cursor = cursor_ == wanted->id;
        const bool newest = wanted->id == model_.back().id;
        const int error = ww_snapshots_drop(snapshots_.get(), wanted->id);
        if (at_cursor && !newest) {
            RC_ASSERT(error == -EBUSY);
            return;
        }
        if (error == -ENOMEM)
            return;
        RC_ASSERT(error == 0);
        if (at_cursor)
            cursor_ = wanted == model_.begin() ? std::nullopt : std::optional{(wanted - 1)->id};
        model_.erase(wanted);
        check_ring();
    }

    Pages first_{kPagesEach};
    Pages second_{kPagesEach};
    TrackerPtr tracker_ = make_tracker();
    std::unique_ptr<ww_snapshots, SnapshotsDeleter> snapshots_;
    std::vector<Checkpoint> model_;
    std::optional<std::uint64_t> cursor_;
};

void check(const char* what, std::size_t slots, bool meets_the_limit) {
    std::size_t restores = 0;
    std::size_t dropped = 0;
    std::size_t hot = 0;
    CHECK(rc::check(what, [&] {
        const auto sequence =
            *rc::gen::scale(3.0, rc::gen::container<std::vector<Action>>(actions()));
        System system{slots};
        for (const Action& action : sequence)
            system.act(action);
        restores += system.restores;
        dropped += system.dropped_for_room();
        hot += system.hot;
    }));
    std::cout << what << ": " << restores << " restores, " << dropped << " dropped for room, "
              << hot << " faults avoided\n";
    CHECK(restores > 0);
    CHECK(hot > 0);
    CHECK((dropped > 0) == meets_the_limit);
}

} // namespace

TEST_CASE("snapshots: any sequence of actions restores what full copies hold") {
    check("any sequence of actions, with room for everything", 2000, false);
}

TEST_CASE("snapshots: any sequence restores the same when memory is short") {
    check("any sequence of actions, with room for little", 70, true);
}

int main(int argc, char** argv) {
    return run_with_backend(argc, argv);
}
