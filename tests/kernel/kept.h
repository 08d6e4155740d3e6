// SPDX-License-Identifier: MIT
#pragma once

#include "pages.h"

#include "writewatch/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <memory>

inline constexpr std::size_t kRoomy = std::size_t{16} << 20;

struct SnapshotsDeleter {
    void operator()(ww_snapshots* snapshots) const { ww_snapshots_destroy(snapshots); }
};

// A watched range, all of it in a ring of checkpoints.
class Kept : public Watched {
public:
    explicit Kept(std::size_t count, std::size_t checkpoint_limit = 8,
                  std::size_t bytes_limit = kRoomy)
        : Watched(count) {
        ww_snapshots* made = nullptr;
        REQUIRE(ww_snapshots_create(tracker(), checkpoint_limit, bytes_limit, &made) == 0);
        snapshots_.reset(made);
    }
    ww_snapshots* snapshots() const { return snapshots_.get(); }
    int add() const { return ww_snapshots_add(snapshots(), at(0), bytes()); }
    std::uint64_t take() const {
        std::uint64_t id = 0;
        REQUIRE(ww_snapshots_take(snapshots(), &id) == 0);
        return id;
    }
    int restore(std::uint64_t id) const { return ww_snapshots_restore(snapshots(), id); }
    int drop(std::uint64_t id) const { return ww_snapshots_drop(snapshots(), id); }
    ww_snapshot_stats stats() const {
        ww_snapshot_stats stats;
        ww_snapshots_stats(snapshots(), &stats, sizeof stats);
        return stats;
    }

private:
    std::unique_ptr<ww_snapshots, SnapshotsDeleter> snapshots_;
};
