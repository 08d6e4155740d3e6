// SPDX-License-Identifier: MIT
#include "watch_table.h"

#include <new>

namespace ww {

using kernel::Changing;
using kernel::Error;
using kernel::Result;

// A watch that ended, or became another, between the look into the map and the
// look into the watch has left the map before: the next look finds what is
// true now. So a round is repeated only after somebody else's change was
// completed.
std::optional<Watched> WatchTable::find(Range range) const noexcept {
    while (const Watch* watch = map_.find(range.start)) {
        const std::optional<Watched> covered = watch->covers();
        if (covered && covered->range.contains(range.start))
            return covered->range.contains(range) ? covered : std::nullopt;
    }
    return std::nullopt;
}

std::optional<Watched> WatchTable::find_first(Range range) const noexcept {
    while (const Watch* watch = map_.find_first(range)) {
        const std::optional<Watched> covered = watch->covers();
        if (covered && !intersection(covered->range, range).empty())
            return covered;
    }
    return std::nullopt;
}

Error WatchTable::insert(Watched watched) noexcept {
    const Range range = watched.range;
    if (!AddressMap::can_hold(range))
        return Error::invalid;
    const Changing changing{lock_};
    if (map_.find_first(range) != nullptr)
        return Error::exists;
    if (!make_watches(1) || !map_.prepare(range))
        return Error::no_memory;
    map_.assign(range, begin(watched));
    return Error::none;
}

Result<Watched> WatchTable::erase_first(Range range) noexcept {
    const Changing changing{lock_};
    Watch* watch = map_.find_first(range);
    if (watch == nullptr)
        return Error::not_found;
    // All memory first: from then on nothing can fail, and at every moment an
    // address that stays watched leads to a live watch that covers it.
    const Watched whole = *watch->covers();
    const Range covered = whole.range;
    const Range ended = intersection(covered, range);
    const Range kept[] = {{covered.start, ended.start}, {ended.end, covered.end}};
    if (!make_watches(std::size(kept)) || !map_.prepare(ended))
        return Error::no_memory;
    for (const Range part : kept) {
        if (!part.empty())
            map_.assign(part, begin({part, whole.kind}));
    }
    map_.assign(ended, nullptr);
    recycle(watch);
    return Watched{ended, whole.kind};
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
    watch->begin(watched);
    count_.fetch_add(1, std::memory_order_relaxed);
    return watch;
}

void WatchTable::recycle(Watch* watch) noexcept {
    watch->end();
    watch->next_free = free_;
    free_ = watch;
    count_.fetch_sub(1, std::memory_order_relaxed);
}

} // namespace ww
