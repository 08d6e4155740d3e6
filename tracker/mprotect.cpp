// SPDX-License-Identifier: MIT
// Which memory is watched, and the handler that opens pages of it.
#include "mprotect.h"

#include "kernel/memory.h"
#include "kernel/protection.h"
#include "kernel/self_maps.h"
#include "kernel/write_faults.h"

#include <algorithm>
#include <new>
#include <optional>

namespace ww {

using kernel::Access;
using kernel::Changing;
using kernel::Error;
using kernel::ForkGuard;
using kernel::Mapping;
using kernel::ProcessMapping;
using kernel::Result;
using kernel::SelfMaps;

std::atomic<Mprotect::Registry*> Mprotect::registry_{nullptr};

// ---- Registry -------------------------------------------------------------------

Mprotect::Mprotect(Registry& registry) noexcept
    : registry_of_mine_(registry), words_(arena_, kernel::page_bytes()) {}

// A child has its parent's objects, in whatever state some other thread of the
// parent was about to change. It opens what they had closed, and starts anew;
// until then the handler serves them.
Result<Mprotect::Registry*> Mprotect::registry_of_this_process() noexcept {
    Registry* registry = registry_.load();
    if (registry != nullptr && !registry->fork_guard.in_child())
        return registry;
    Result<ForkGuard> guard = ForkGuard::create();
    if (!guard)
        return guard.error();
    Result<Mapping> memory = Mapping::create(sizeof(Registry));
    if (!memory)
        return memory.error();
    for (Mprotect* old = registry != nullptr ? registry->newest.load() : nullptr; old != nullptr;
         old = old->next_) {
        if (const Error error = old->open_all({0, kEverywhere}, &Mprotect::open_pages))
            return error;
    }
    auto* made = new (memory->data()) Registry{.fork_guard = std::move(*guard), .lock = {}};
    if (!registry_.compare_exchange_strong(registry, made))
        return registry; // made by another thread meanwhile
    static_cast<void>(memory->release());
    return made;
}

Result<Mprotect*> Mprotect::acquire() noexcept {
    const Result<Registry*> registry = registry_of_this_process();
    if (!registry)
        return registry.error();
    if (const Error error = kernel::catch_write_faults(serve_fault))
        return error;
    const Changing changing{(*registry)->lock};
    Mprotect* const newest = (*registry)->newest.load();
    for (Mprotect* old = newest; old != nullptr; old = old->next_) {
        if (!old->in_use_.exchange(true)) {
            old->reset_counters();
            return old;
        }
    }
    Result<Mapping> memory = Mapping::create(sizeof(Mprotect));
    if (!memory)
        return memory.error();
    auto* made = new (memory->data()) Mprotect{**registry};
    static_cast<void>(memory->release());
    made->next_ = newest;
    (*registry)->newest.store(made);
    return made;
}

// A child must not wait for a lock that nobody holds any more.
void Mprotect::close() noexcept {
    if (registry_of_mine_.fork_guard.in_child())
        return static_cast<void>(open_all({0, kEverywhere}, &Mprotect::open_pages));
    static_cast<void>(unwatch({{0, kEverywhere}}));
    in_use_.store(false);
}

bool Mprotect::is_watched_by_others(Range range) const noexcept {
    for (const Mprotect* other = registry_of_mine_.newest.load(); other != nullptr;
         other = other->next_) {
        const auto live = [](Range, Piece piece) {
            return piece.ending ? Error::none : Error::exists;
        };
        if (other != this && other->pieces_.for_each(range, live))
            return true;
    }
    return false;
}

// ---- Watches --------------------------------------------------------------------

// Nothing is closed yet: what is open and populated will be found by the first
// collect, unless arm_ahead() comes before.
Error Mprotect::watch(Watched watched) noexcept {
    const Range range = watched.range;
    // Its pages are not ours to open one by one.
    if (watched.kind == MemoryKind::hugetlb)
        return Error::unsupported_memory;
    if (!words_.prepare(range))
        return Error::no_memory;
    SelfMaps maps{range.start};
    for (std::uintptr_t seen = range.start; seen < range.end;) {
        const ProcessMapping* mapping = maps.next();
        if (mapping == nullptr || mapping->range.start > seen)
            return maps.error() ? maps.error() : Error::no_memory;
        const Range part{seen, std::min(mapping->range.end, range.end)};
        if (const Error error = watch_alike(part, mapping->access))
            return error;
        seen = part.end;
    }
    words_.clear(range);
    return Error::none;
}

// Read-only memory in a piece that could be written to was closed by us, be it
// one that could not be opened when it ended; elsewhere it is the program's own.
Error Mprotect::watch_alike(Range part, Access access) noexcept {
    const Changing changing{registry_of_mine_.lock};
    if (is_watched_by_others(part))
        return Error::busy;
    const bool read_only = access.read && !access.write;
    Error error = pieces_.change(part, [&](Piece& piece) {
        piece = {.write = access.write || (read_only && piece.write), .execute = access.execute};
    });
    if (!error && read_only)
        error = add_closed_by_others(part, {.write = true, .execute = access.execute});
    if (!error)
        error = pieces_.add(part, {.write = access.write, .execute = access.execute});
    ++registry_of_mine_.begun;
    return error;
}

Error Mprotect::add_closed_by_others(Range part, Piece piece) noexcept {
    Error error;
    for (const Mprotect* other = registry_of_mine_.newest.load(); !error && other != nullptr;
         other = other->next_) {
        if (other == this)
            continue;
        error = other->pieces_.for_each(part, [&](Range closed, Piece theirs) {
            return theirs.write ? pieces_.add(closed, piece) : Error::none;
        });
    }
    return error;
}

Error Mprotect::arm_ahead(Watched watched) noexcept {
    const Closing closing{*this};
    words_.clear(watched.range);
    const Error error = pieces_.change(watched.range, [](Piece& piece) { piece.armed = true; });
    return error ? error : close_pages(watched.range);
}

// A collector that is about to close pages opens them again when it finds that
// their piece is ending. Until no collector can be, the piece stays, and faults
// in it are served.
Error Mprotect::unwatch(Watched watched) noexcept {
    const Range range = watched.range;
    const Error error = end_pieces(range);
    if (sweep(range)) {
        any_ending_.store(true);
        sweep_left();
    }
    return error;
}

// Nobody takes the pieces away before all is open, or is known not to be.
Error Mprotect::end_pieces(Range range) noexcept {
    const Closing closing{*this};
    const Error error = pieces_.change(range, [](Piece& piece) { piece.ending = true; });
    const Error closed = open_all(range, &Mprotect::open_or_keep);
    static_cast<void>(pieces_.for_each(range, [this](Range part, Piece) {
        words_.clear(part);
        return Error::none;
    }));
    return error ? error : closed;
}

// Pieces that end and that no collector can have seen alive; busy if one can.
Error Mprotect::sweep(Range range) noexcept {
    const Changing changing{registry_of_mine_.lock};
    return pieces_.for_each(range, [this](Range part, Piece piece) {
        if (!piece.ending || piece.kept)
            return Error::none;
        return closing_.load() == 0 ? pieces_.erase(part) : Error::busy;
    });
}

// What sweeps had to leave. A collector that is there when one ends has still to
// come here; if none is, it may have been in front of the word that some is left.
void Mprotect::sweep_left() noexcept {
    Error error = Error::busy;
    while (error == Error::busy && closing_.load() == 0 && any_ending_.exchange(false)) {
        error = sweep({0, kEverywhere});
        if (error)
            any_ending_.store(true);
    }
}

Mprotect::Closing::~Closing() {
    if (--backend_.closing_ == 0)
        backend_.sweep_left();
}

// What cannot be read was never closed by us, nor was a file that may only be
// read, mapped over memory of ours. The rest is tried in spite of an error.
Error Mprotect::open_all(Range range, OpenPages how) noexcept {
    Error first;
    const ProcessMapping* mapping = nullptr;
    const auto open_piece = [&](Range part, Piece piece) {
        const Error error = piece.write ? (this->*how)(part, piece) : Error::none;
        const bool is_file = mapping != nullptr && mapping->shared && mapping->has_file;
        if (!first && !(is_file && error == Error::access_denied))
            first = error;
        return Error::none;
    };
    SelfMaps maps{range.start};
    while ((mapping = maps.next()) != nullptr && mapping->range.start < range.end) {
        if (mapping->access.read && !mapping->access.write)
            static_cast<void>(pieces_.for_each(intersection(mapping->range, range), open_piece));
    }
    if (maps.error())
        static_cast<void>(pieces_.for_each(range, open_piece));
    return first;
}

// ---- Faults ---------------------------------------------------------------------

bool Mprotect::serve_fault(std::uintptr_t address, bool is_surely_store) noexcept {
    const std::uintptr_t page = address & ~(kernel::page_bytes() - 1);
    const Range whole{page, page + kernel::page_bytes()};
    const Registry& registry = *registry_.load();
    const std::uint32_t begun = registry.begun.load();
    Mprotect* ending = nullptr;
    std::optional<Piece> ending_piece;
    for (Mprotect* each = registry.newest.load(); each != nullptr; each = each->next_) {
        const std::optional<Piece> piece = each->pieces_.find(whole);
        if (piece && !piece->ending)
            return each->serve(whole, *piece);
        if (piece) {
            ending = each;
            ending_piece = piece;
        }
    }
    if (ending != nullptr)
        return ending->serve(whole, *ending_piece);
    // Of memory that was unwatched since the fault, and is open now, or watched
    // once more.
    return is_surely_store && (kernel::is_writable(page) || registry.begun.load() != begun);
}

bool Mprotect::serve(Range page, Piece piece) noexcept {
    if (!piece.write || !kernel::is_readable(page.start))
        return false;
    // As many at once as can be counted: this one tries again.
    if (!words_.begin_opening(page.start))
        return true;
    const Error error = open_pages(page, piece);
    words_.end_opening(page.start);
    return !error;
}

// Each border between open and closed pages is one of mappings, and their number
// is limited. To open all of a mapping takes no new one; what was not written of
// it will be found open, without a word.
Error Mprotect::open_pages(Range part, Piece piece) noexcept {
    const Error error = kernel::protect(part, piece.open());
    if (error != Error::no_memory)
        return error;
    count_mapping_limit();
    const Range mapped = kernel::mapping_at(part.start);
    return mapped.empty() ? error
                          : kernel::protect(pieces_around(part.start, mapped), piece.open());
}

// What stays closed is left to the handler, which tries again page by page.
Error Mprotect::open_or_keep(Range part, Piece piece) noexcept {
    const Error error = open_pages(part, piece);
    if (error)
        static_cast<void>(pieces_.change(part, [](Piece& left) { left.kept = true; }));
    return error;
}

// As far as pieces of ours that may be opened reach in the range, without a gap.
Range Mprotect::pieces_around(std::uintptr_t page, Range range) const noexcept {
    Range around;
    static_cast<void>(pieces_.for_each(range, [&](Range part, Piece piece) {
        const bool goes_on = piece.write && part.start == around.end;
        if (!goes_on && around.contains(page))
            return Error::exists; // enough
        around = {goes_on ? around.start : part.start, piece.write ? part.end : part.start};
        return Error::none;
    }));
    return around;
}

} // namespace ww
