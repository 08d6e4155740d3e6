// SPDX-License-Identifier: MIT
// The C functions: checks of the arguments, and nothing else.
#include "writewatch/snapshot.h"

#include "aliases.h"
#include "api.h"
#include "snapshots.h"

using ww::check;
using ww::impl;
using ww::range_of;
using ww::Snapshots;
using ww::kernel::Error;
using ww::kernel::KeepErrno;
using ww::kernel::Result;

namespace {

Snapshots* impl(ww_snapshots* snapshots) noexcept {
    return reinterpret_cast<Snapshots*>(snapshots);
}

constexpr Error kForked = Error::forked;

} // namespace

extern "C" {

int ww_snapshots_create(ww_tracker* tracker, std::size_t checkpoint_limit, std::size_t bytes_limit,
                        ww_snapshots** snapshots) noexcept {
    const KeepErrno keep;
    if (tracker == nullptr || snapshots == nullptr)
        return -Error::invalid.code();
    if (impl(tracker)->in_child())
        return -kForked.code();
    const Result<Snapshots*> created =
        Snapshots::create(*impl(tracker), checkpoint_limit, bytes_limit);
    if (!created)
        return -created.error().code();
    *snapshots = reinterpret_cast<ww_snapshots*>(*created);
    return 0;
}

void ww_snapshots_destroy(ww_snapshots* snapshots) noexcept {
    const KeepErrno keep;
    if (snapshots != nullptr)
        Snapshots::destroy(impl(snapshots));
}

int ww_snapshots_add(ww_snapshots* snapshots, void* base, std::size_t bytes) noexcept {
    const KeepErrno keep;
    if (const Error error = check(impl(snapshots)->tracker(), base, bytes))
        return -error.code();
    return -impl(snapshots)->add(range_of(base, bytes)).code();
}

int ww_snapshots_add_aliases(ww_snapshots* snapshots, ww_aliases* aliases, void* base,
                             std::size_t bytes) noexcept {
    const KeepErrno keep;
    if (const Error error = check(impl(snapshots)->tracker(), base, bytes))
        return -error.code();
    auto& group = *reinterpret_cast<ww::Aliases*>(aliases);
    return -impl(snapshots)->add(range_of(base, bytes), group).code();
}

int ww_snapshots_take(ww_snapshots* snapshots, std::uint64_t* checkpoint) noexcept {
    const KeepErrno keep;
    if (impl(snapshots)->tracker().in_child())
        return -kForked.code();
    const Result<std::uint64_t> taken = impl(snapshots)->take();
    if (!taken)
        return -taken.error().code();
    if (checkpoint != nullptr)
        *checkpoint = *taken;
    return 0;
}

int ww_snapshots_restore(ww_snapshots* snapshots, std::uint64_t checkpoint) noexcept {
    const KeepErrno keep;
    if (impl(snapshots)->tracker().in_child())
        return -kForked.code();
    return -impl(snapshots)->restore(checkpoint).code();
}

int ww_snapshots_drop(ww_snapshots* snapshots, std::uint64_t checkpoint) noexcept {
    const KeepErrno keep;
    if (impl(snapshots)->tracker().in_child())
        return -kForked.code();
    return -impl(snapshots)->drop(checkpoint).code();
}

void ww_snapshots_stats(ww_snapshots* snapshots, ww_snapshot_stats* stats,
                        std::size_t stats_bytes) noexcept {
    const Snapshots::Stats now = impl(snapshots)->stats();
    const ww_snapshot_stats known{.checkpoints = now.checkpoints,
                                  .oldest = now.oldest,
                                  .newest = now.newest,
                                  .bytes_kept = now.bytes_kept,
                                  .last_pages = now.last_pages,
                                  .last_ns = now.last_ns,
                                  .dropped_for_room = now.dropped_for_room,
                                  .takes = now.takes.count,
                                  .take_ns = now.takes.ns,
                                  .pages_compared = now.takes.compared,
                                  .pages_copied = now.takes.copied,
                                  .faults_avoided = now.takes.faults_avoided};
    ww::give(known, stats, stats_bytes);
}

} // extern "C"
