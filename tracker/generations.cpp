// SPDX-License-Identifier: MIT
#include "generations.h"

#include <new>

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Result;

Result<Generations*> Generations::create(Tracker& tracker, Range range) noexcept {
    Result<Mapping> memory = Mapping::create(sizeof(Generations));
    if (!memory)
        return memory.error();
    Result<Stamps> stamps = Stamps::create(range.bytes() / kernel::page_bytes());
    if (!stamps)
        return stamps.error();
    if (const Error error = tracker.claim(range))
        return error;
    auto* made = new (memory->data()) Generations{tracker, range, std::move(*stamps)};
    static_cast<void>(memory->release());
    return made;
}

void Generations::destroy(Generations* generations) noexcept {
    // In a forked child the tracker's locks may be held by nobody who is there.
    if (!generations->tracker_.in_child())
        generations->tracker_.end_claim(generations->range_);
    generations->~Generations();
    static_cast<void>(Mapping::adopt(generations, sizeof(Generations)));
}

Result<std::uint64_t> Generations::advance(Range range) noexcept {
    const std::lock_guard<kernel::ChangeLock> locked{lock_};
    StampingAnswer stamping{stamps_, range_.start, ++current_};
    if (const Error error = tracker_.collect_claimed(range, stamping).error)
        return error;
    return current_;
}

} // namespace ww
