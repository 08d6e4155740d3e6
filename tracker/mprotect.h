// SPDX-License-Identifier: MIT
// The back end for kernels without PAGEMAP_SCAN: clean pages are read-only, and
// a handler of SIGSEGV opens those that are written.
//
// Opening a page in the handler:
//   1. its word says "written", and that somebody is opening it;
//   2. mprotect(2): the page is open;
//   3. its word says "written" again, and one less is opening.
// Resetting a page in a collector:
//   a. the mark is taken from its word: the page is in this collector's answer;
//   b. mprotect(2): the page is closed. Stores from before have happened, also
//      those of other processors; the caller copies the page behind this.
//
// No write is lost. Let a store to a page end before a collect begins, and let
// b be the last closing of the page in front of the store, by whomever (if
// there was none the page is the program's own, see find_opened()). The store
// found the page open, so some handler opened it (2) behind b, and its 1 and 3
// are around that. Who took the mark behind 3 has not closed the page in front
// of the store, or that closing would be the last: its answer holds the page,
// and the store is in it before its caller copies. If nobody did, the mark is
// there, and the collect finds it. And as long as 3 has not come, the word says
// that somebody is opening, which the collect takes for "written": a superset,
// while it races with the store that the handler was called for.
//
// A fault may come to a page that is open already, or is marked and closed: two
// handlers at once, or a closing (b) that came late. It is opened once more;
// each round means that somebody else got on, so nobody waits. A page whose
// protection lets nobody read it was never closed by us: that fault is the
// program's own, as is one where the program had read-only memory when it was
// watched. Where no piece is found and the page is closed, one may have begun
// between the two looks: then the store is tried again.
//
// What the program did to its mappings without a word shows as memory that is
// open though no word says so: find_opened(), once in each collect.
#pragma once

#include "arena.h"
#include "backend.h"
#include "kernel/access.h"
#include "kernel/change_lock.h"
#include "kernel/fork_guard.h"
#include "kernel/mappings.h"
#include "kernel/populated.h"
#include "mprotect_pieces.h"
#include "page_words.h"
#include "range.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ww {

class Mprotect final : public Backend {
public:
    // One that nobody uses. They live for good, for the handler may look at one
    // at any time; close() makes it free for the next.
    static kernel::Result<Mprotect*> acquire() noexcept;

    kernel::Error open() noexcept override { return kernel::Error::none; }
    void close() noexcept override;
    kernel::Error watch(Watched part) noexcept override;
    kernel::Error arm_ahead(Watched part) noexcept override;
    kernel::Error dropped(Watched part) noexcept override { return watch(part); }
    kernel::Error unwatch(Watched part) noexcept override;
    void forget(Range range) noexcept override { static_cast<void>(unwatch(range)); }
    kernel::Error look(Watched watched) noexcept override;
    kernel::Error protect(Watched pages) noexcept override;
    Step collect(Watched rest, bool reset, StepLimits limits,
                 std::span<kernel::Region> scratch) noexcept override;

private:
    // All that a process has: a forked child starts with another.
    struct Registry {
        kernel::ForkGuard fork_guard;
        kernel::ChangeLock lock;
        std::atomic<Mprotect*> newest{nullptr};
        std::atomic<std::uint32_t> begun{0}; // pieces, counted before any is closed
    };
    static std::atomic<Registry*> registry_;

    // While one lives pieces end, but do not go: somebody may close them yet, or
    // has still to open them.
    class Closing {
    public:
        explicit Closing(Mprotect& backend) noexcept : backend_(backend) { ++backend_.closing_; }
        ~Closing();
        Closing(const Closing&) = delete;
        Closing& operator=(const Closing&) = delete;

    private:
        Mprotect& backend_;
    };

    static constexpr std::uintptr_t kEverywhere =
        sizeof(void*) == 8 ? static_cast<std::uintptr_t>(std::uint64_t{1} << 48)
                           : ~std::uintptr_t{0xfff};

    explicit Mprotect(Registry& registry) noexcept;
    static kernel::Result<Registry*> registry_of_this_process() noexcept;
    static bool serve_fault(std::uintptr_t address, bool is_surely_store) noexcept;

    kernel::Error watch_alike(Range part, kernel::Access access) noexcept;
    kernel::Error add_closed_by_others(Range part, Piece piece) noexcept;
    bool is_watched_by_others(Range range) const noexcept;
    kernel::Error end_pieces(Range range) noexcept;
    kernel::Error sweep(Range range) noexcept;
    void sweep_left() noexcept;

    bool serve(Range page, Piece piece) noexcept;
    using OpenPages = kernel::Error (Mprotect::*)(Range, Piece) noexcept;
    kernel::Error open_pages(Range part, Piece piece) noexcept;
    kernel::Error open_or_keep(Range part, Piece piece) noexcept;
    Range pieces_around(std::uintptr_t page, Range range) const noexcept;
    kernel::Error open_all(Range range, OpenPages how) noexcept;

    kernel::Error close_pages(Range run) noexcept;
    kernel::Error close_taken(Range run) noexcept;
    Range take_run(Range range, std::size_t pages) noexcept;
    Range written_run(Range range, std::size_t pages) const noexcept;

    using LatchPage = void (PageWords::*)(std::uintptr_t) noexcept;
    kernel::Error look_at(Range part, const kernel::ProcessMapping& mapping) noexcept;
    kernel::Error latch_unarmed(Range part, const kernel::ProcessMapping& mapping) noexcept;
    kernel::Error find_opened(Range part, const kernel::ProcessMapping& mapping) noexcept;
    kernel::Error secure_known(Range part) noexcept;
    kernel::Error secure(Range run, const kernel::ProcessMapping& mapping,
                         LatchPage latch) noexcept;
    void latch_populated(Range run, const kernel::ProcessMapping& mapping,
                         kernel::PopulatedPages& populated, LatchPage latch) noexcept;
    kernel::Error adopt(Range run, kernel::Access access) noexcept;

    Registry& registry_of_mine_;
    Mprotect* next_ = nullptr; // older
    std::atomic<bool> in_use_{true};
    std::atomic<bool> any_ending_{false};
    std::atomic<std::uint32_t> closing_{0};
    Arena arena_;
    Pieces pieces_{arena_};
    PageWords words_;
};

} // namespace ww
