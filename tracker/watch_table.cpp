// SPDX-License-Identifier: MIT
#include "watch_table.h"

#include <algorithm>
#include <new>

namespace ww {

using kernel::Changing;
using kernel::Error;
using kernel::Result;

// A watch that ended in between either has left the map, and the next look
// finds what is true now, or the map still leads to it as it was seen: then
// nothing was watched there when the map was read again. So a round is repeated
// only after somebody else's change was completed.
std::optional<WatchTable::Found> WatchTable::look_up(Range range) const noexcept {
    while (const Watch* watch = map_.find(range.start)) {
        const Watch::View seen = watch->look();
        if (seen.live() && seen.watched.range.contains(range.start))
            return seen.watched.range.contains(range)
                       ? std::optional{Found{seen.watched, watch->counts()}}
                       : std::nullopt;
        if (!seen.live() && map_.find(range.start) == watch && watch->is_still(seen))
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<Watched> WatchTable::find_first(Range range) const noexcept {
    for (Range rest = range; !rest.empty();) {
        const Watch* watch = map_.find_first(rest);
        if (watch == nullptr)
            break;
        const Watch::View seen = watch->look();
        const Range covered = seen.watched.range;
        if (intersection(covered, rest).empty())
            continue;
        if (seen.live())
            return seen.watched;
        if (map_.find_first(rest) == watch && watch->is_still(seen))
            rest.start = std::min(covered.end, rest.end);
    }
    return std::nullopt;
}

Error WatchTable::insert(Watched watched) noexcept {
    const Range range = watched.range;
    if (!AddressMap::can_hold(range))
        return Error::invalid;
    if (revive(watched))
        return Error::none;
    const Changing changing{lock_};
    while (Watch* watch = map_.find_first(range)) {
        if (watch->look().live())
            return Error::exists;
        bury(watch);
    }
    if (!make_watches(1) || !map_.prepare(range))
        return Error::no_memory;
    map_.assign(range, begin(watched));
    return Error::none;
}

// The retired watch of just this memory is in the map as a whole: nobody else
// can have been given a part of it.
bool WatchTable::revive(Watched watched) noexcept {
    Watch* watch = map_.find(watched.range.start);
    if (watch == nullptr)
        return false;
    const Watch::View seen = watch->look();
    if (seen.watched != watched || !watch->revive(seen))
        return false;
    counters_.turn(watch->counts(), true);
    count_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

bool WatchTable::retire(Watched watched) noexcept {
    Watch* watch = map_.find(watched.range.start);
    if (watch == nullptr)
        return false;
    const Watch::View seen = watch->look();
    if (seen.watched != watched || !watch->retire(seen))
        return false;
    counters_.turn(watch->counts(), false);
    count_.fetch_sub(1, std::memory_order_relaxed);
    const std::size_t place = next_retired_.fetch_add(1, std::memory_order_relaxed) % kRetired;
    Watch* oldest = retired_[place].exchange(watch, std::memory_order_acq_rel);
    if (oldest != nullptr && oldest != watch && !oldest->look().live()) {
        const Changing changing{lock_};
        bury(oldest);
    }
    return true;
}

// Takes a retired watch out of the map, unless somebody took it back.
void WatchTable::bury(Watch* watch) noexcept {
    const Watch::View seen = watch->look();
    if (!watch->bury(seen))
        return;
    map_.assign(seen.watched.range, nullptr);
    recycle(watch, false);
}

// The first watch that overlaps the range, which only we can end now.
Watch* WatchTable::claim_first(Range range) noexcept {
    while (Watch* watch = map_.find_first(range)) {
        if (watch->claim(watch->look()))
            return watch;
        bury(watch);
    }
    return nullptr;
}

// Without a note the part ends.
Result<Watched> WatchTable::change_first(Range range, std::optional<std::uint8_t> note) noexcept {
    const Changing changing{lock_};
    Watch* watch = claim_first(range);
    if (watch == nullptr)
        return Error::not_found;
    // All memory first: from then on nothing can fail, and at every moment an
    // address that stays watched leads to a live watch that covers it.
    Watched part = watch->look().watched;
    const Range covered = part.range;
    const Range changed = intersection(covered, range);
    const Range kept[] = {{covered.start, changed.start}, {changed.end, covered.end}};
    if (!make_watches(std::size(kept) + 1) || !map_.prepare(changed)) {
        watch->unclaim();
        return Error::no_memory;
    }
    for (const Range range_kept : kept) {
        part.range = range_kept;
        if (!part.range.empty())
            map_.assign(part.range, begin(part));
    }
    part.range = changed;
    Watched next = part;
    next.note = note.value_or(part.note);
    map_.assign(changed, note ? begin(next) : nullptr);
    watch->end_claimed();
    recycle(watch, true);
    count_.fetch_sub(1, std::memory_order_relaxed);
    return part;
}

// Sees to it that `wanted` watches can begin without more memory.
bool WatchTable::make_watches(std::size_t wanted) noexcept {
    Watch** last = &free_;
    for (; wanted > 0; --wanted, last = &(*last)->next_free) {
        if (*last == nullptr) {
            void* memory = arena_.allocate(sizeof(Watch));
            if (memory == nullptr)
                return false;
            *last = new (memory) Watch;
        }
    }
    return true;
}

Watch* WatchTable::begin(Watched watched) noexcept {
    Watch* watch = free_;
    free_ = watch->next_free;
    watch->next_free = nullptr;
    watch->count_in(counters_.begin(watched));
    watch->begin(watched);
    count_.fetch_add(1, std::memory_order_relaxed);
    return watch;
}

// `counted`: as one that is there.
void WatchTable::recycle(Watch* watch, bool counted) noexcept {
    counters_.end(watch->counts(), counted);
    watch->next_free = free_;
    free_ = watch;
}

} // namespace ww
