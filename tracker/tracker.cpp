// SPDX-License-Identifier: MIT
#include "tracker.h"

#include "kernel/memory.h"
#include "mprotect.h"
#include "pagemap_scan.h"

#include <new>

namespace ww {

using kernel::Error;
using kernel::ForkGuard;
using kernel::Mapping;
using kernel::Result;

Result<Tracker*> Tracker::create(BackendKind kind) noexcept {
    Result<Mapping> memory = Mapping::create(sizeof(Tracker));
    if (!memory)
        return memory.error();
    Result<ForkGuard> guard = ForkGuard::create();
    if (!guard)
        return guard.error();
    Tracker* tracker = new (memory->data()) Tracker;
    tracker->fork_guard_ = std::move(*guard);
    if (const Error error = tracker->open(kind)) {
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

Error Tracker::open(BackendKind kind) noexcept {
    const Result<Backend*> made = make_backend(kind);
    if (!made)
        return made.error();
    backend_ = *made;
    backend_kind_ = kind;
    return backend_->open();
}

Result<Backend*> Tracker::make_backend(BackendKind kind) noexcept {
    if (kind == BackendKind::protection) {
        const Result<Mprotect*> free = Mprotect::acquire();
        return free ? Result<Backend*>{*free} : free.error();
    }
    void* memory = arena_.allocate(sizeof(PagemapScan));
    return memory != nullptr ? Result<Backend*>{new (memory) PagemapScan{arena_}}
                             : Error::no_memory;
}

void Tracker::destroy(Tracker* tracker) noexcept {
    tracker->~Tracker();
    static_cast<void>(Mapping::adopt(tracker, sizeof(Tracker)));
}

namespace {

Result<MemoryKind> kind_to_watch(Range range, Tracker::WatchOptions options) noexcept {
    const Result<MemoryKind> kind =
        options.known_anonymous ? MemoryKind::anonymous : kernel::kind_of(range);
    if (!kind || !options.huge_pages)
        return kind;
    // Of other memory nobody asked that its huge pages be kept; and pages that
    // were never armed cannot be told from others where they are huge.
    if (*kind != MemoryKind::anonymous)
        return Error::unsupported_memory;
    return options.keep ? Result<MemoryKind>{Error::invalid} : MemoryKind::anonymous_huge;
}

} // namespace

// The set knows the range first: of two that watch it at once one fails, and
// has touched nothing.
Error Tracker::watch(Range range, WatchOptions options) noexcept {
    // Before the look into the mappings, which has errors of its own.
    if (!options.known_anonymous && watches_.find_first(range))
        return Error::exists;
    const Result<MemoryKind> kind = kind_to_watch(range, options);
    if (!kind)
        return kind.error();
    const Watched watched{range, *kind};
    if (!is_whole(watched, kernel::page_bytes()))
        return Error::invalid;
    counters_.open(static_cast<std::uint32_t>(backend_kind_));
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
    if (const Error error = backend_->arm_ahead(watched))
        return error;
    // What is populated becomes clean; memory that was never touched costs
    // nothing here.
    NoAnswer nobody;
    return ww::collect(*backend_, watched, true, nobody).error;
}

// Visits what is watched of the range, in ascending order, until an error.
template<class Visit>
Error Tracker::for_each_part(Range range, Visit visit) const noexcept {
    while (const std::optional<Watched> watch = watches_.find_first(range)) {
        const Watched part{intersection(watch->range, range), watch->kind};
        if (const Error error = visit(part))
            return error;
        range.start = part.range.end;
        if (range.empty())
            break;
    }
    return Error::none;
}

// A watch cannot end, nor begin, inside a page; some have larger ones.
Error Tracker::check_whole(Range range) const noexcept {
    return for_each_part(range, [](Watched part) {
        return is_whole(part, kernel::page_bytes()) ? Error::none : Error::invalid;
    });
}

Error Tracker::unwatch(Range range) noexcept {
    if (const Error error = check_whole(range))
        return error;
    for (;;) {
        const Result<Watched> ended = watches_.erase_first(range);
        if (!ended)
            return ended.error() == Error::not_found ? Error::none : ended.error();
        if (const Error error = backend_->unwatch(*ended))
            return error;
    }
}

Error Tracker::forget(Range range) noexcept {
    while (const std::optional<Watched> watch = watches_.find_first(range)) {
        if (!is_whole({intersection(watch->range, range), watch->kind}, kernel::page_bytes()))
            return Error::invalid;
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
    return for_each_part(range, [this](Watched part) {
        if (part.kind != MemoryKind::anonymous) {
            const Result<MemoryKind> kind = kernel::kind_of(part.range);
            if (!kind)
                return kind.error();
            if (!serves(part.kind, *kind))
                return Error::unsupported_memory;
        }
        const Error error = backend_->watch(part);
        return error ? error : backend_->dropped(part);
    });
}

Error Tracker::claim(Range range) noexcept {
    const std::optional<Watched> watched = find(range);
    if (!watched)
        return Error::not_found;
    if (watched->kind == MemoryKind::hugetlb)
        return Error::unsupported_memory;
    return claims_.add(range);
}

// Shared memory keeps its contents when a mapping drops them, and what is gone
// from the file is as good as written.
Error Tracker::discarded(Range range) noexcept {
    return for_each_part(range, [this](Watched part) {
        return part.kind == MemoryKind::shared ? Error::none : backend_->dropped(part);
    });
}

} // namespace ww
