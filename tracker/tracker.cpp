// SPDX-License-Identifier: MIT
#include "tracker.h"

#include "kernel/memory.h"
#include "pagemap_scan.h"

#include <new>

namespace ww {

using kernel::Error;
using kernel::ForkGuard;
using kernel::Mapping;
using kernel::Result;

Result<Tracker*> Tracker::create() noexcept {
    Result<Mapping> memory = Mapping::create(sizeof(Tracker));
    if (!memory)
        return memory.error();
    Result<ForkGuard> guard = ForkGuard::create();
    if (!guard)
        return guard.error();
    Tracker* tracker = new (memory->data()) Tracker;
    tracker->fork_guard_ = std::move(*guard);
    if (const Error error = tracker->open()) {
        tracker->~Tracker();
        return error;
    }
    static_cast<void>(memory->release());
    return tracker;
}

Tracker::~Tracker() {
    if (backend_ != nullptr)
        backend_->close();
}

Error Tracker::open() noexcept {
    void* memory = arena_.allocate(sizeof(PagemapScan));
    if (memory == nullptr)
        return Error::no_memory;
    backend_ = new (memory) PagemapScan{arena_};
    return backend_->open();
}

void Tracker::destroy(Tracker* tracker) noexcept {
    tracker->~Tracker();
    static_cast<void>(Mapping::adopt(tracker, sizeof(Tracker)));
}

// The set knows the range first: of two that watch it at once one fails, and
// has touched nothing.
Error Tracker::watch(Range range, WatchOptions options) noexcept {
    const Watched watched{range, MemoryKind::anonymous};
    if (!options.known_anonymous) {
        const Result<bool> anonymous = kernel::is_private_anonymous(range);
        if (!anonymous)
            return anonymous.error();
        if (!*anonymous)
            return Error::unsupported_memory;
    }
    if (const Error error = watches_.insert(watched))
        return error;
    const Error error = start(watched, options);
    if (error)
        static_cast<void>(unwatch(range));
    return error;
}

Error Tracker::start(Watched watched, WatchOptions options) noexcept {
    if (const Error error = backend_->watch(watched))
        return error;
    if (options.keep)
        return Error::none;
    // What is populated becomes clean; memory that was never touched costs
    // nothing here.
    NoAnswer nobody;
    return ww::collect(*backend_, watched, true, nobody).error;
}

Error Tracker::unwatch(Range range) noexcept {
    for (;;) {
        const Result<Watched> ended = watches_.erase_first(range);
        if (!ended)
            return ended.error() == Error::not_found ? Error::none : ended.error();
        if (const Error error = backend_->unwatch(*ended))
            return error;
    }
}

Error Tracker::forget(Range range) noexcept {
    // Most memory that is freed was never watched: that costs one lookup.
    while (const std::optional<Watched> watch = watches_.find_first(range)) {
        if (range.contains(watch->range) && watches_.retire(*watch)) {
            backend_->forget(watch->range);
            continue;
        }
        const Result<Watched> ended = watches_.erase_first(range);
        if (ended)
            backend_->forget(ended->range);
        else if (ended.error() != Error::not_found)
            return ended.error();
    }
    return Error::none;
}

Error Tracker::remapped(Range range) noexcept {
    for (Range rest = range; !rest.empty();) {
        const std::optional<Watched> watch = watches_.find_first(rest);
        if (!watch)
            break;
        const Range part = intersection(watch->range, rest);
        if (const Error error = backend_->watch({part, watch->kind}))
            return error;
        rest.start = part.end;
    }
    return Error::none;
}

} // namespace ww
