// SPDX-License-Identifier: MIT
// The watched ranges of one tracker in pieces that the program may use in one
// way. Lookups take no lock and are allowed in a signal handler.
#pragma once

#include "arena.h"
#include "counters.h"
#include "kernel/access.h"
#include "kernel/result.h"
#include "range.h"
#include "watch_table.h"

#include <cstdint>
#include <optional>

namespace ww {

// What all of a piece has in common.
struct Piece {
    bool write = false; // the program may write to it: the handler opens it
    bool execute = false;
    bool armed = false;  // what is open in it has a word that says so
    bool ending = false; // not watched any more, but a collector may close it yet
    bool kept = false;   // ending for good: it could not be opened, the handler may

    kernel::Access open() const noexcept { return {true, true, execute}; }
    kernel::Access closed() const noexcept { return {true, false, execute}; }

    std::uint8_t note() const noexcept {
        return static_cast<std::uint8_t>((write ? 1 : 0) | (execute ? 2 : 0) | (armed ? 4 : 0) |
                                         (ending ? 8 : 0) | (kept ? 16 : 0));
    }
    static Piece of(const Watched& watched) noexcept {
        const auto has = [&](int bit) { return (watched.note & bit) != 0; };
        return {
            .write = has(1), .execute = has(2), .armed = has(4), .ending = has(8), .kept = has(16)};
    }
};

class Pieces {
public:
    explicit Pieces(Arena& arena) noexcept : table_(arena, uncounted_) {}

    // What the page belongs to.
    std::optional<Piece> find(Range page) const noexcept {
        const std::optional<Watched> found = table_.find(page);
        return found ? std::optional{Piece::of(*found)} : std::nullopt;
    }

    // Calls visit(range, piece) for each piece in the part, as far as it lies
    // there, until it gives an error.
    template<class Visit>
    kernel::Error for_each(Range part, Visit visit) const noexcept {
        while (!part.empty()) {
            const std::optional<Watched> next = table_.find_first(part);
            if (!next)
                break;
            const Range overlap = intersection(next->range, part);
            if (const kernel::Error error = visit(overlap, Piece::of(*next)))
                return error;
            part.start = overlap.end;
        }
        return kernel::Error::none;
    }

    // Calls change(piece) for each of them, which may be made into two or three.
    template<class Change>
    kernel::Error change(Range part, Change change_one) noexcept {
        return for_each(part, [&](Range overlap, Piece piece) {
            const std::uint8_t before = piece.note();
            change_one(piece);
            return piece.note() == before ? kernel::Error::none
                                          : table_.annotate_first(overlap, piece.note()).error();
        });
    }

    // What of the part is in no piece yet becomes one.
    kernel::Error add(Range part, Piece piece) noexcept;

    // The part is one piece, or part of one, and ends.
    kernel::Error erase(Range part) noexcept { return table_.erase_first(part).error(); }

private:
    Counters uncounted_; // watches are counted where they are the program's
    WatchTable table_;
};

} // namespace ww
