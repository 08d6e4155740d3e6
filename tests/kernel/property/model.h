// SPDX-License-Identifier: MIT
// What the tracker's contract says about each page. Knows nothing of how writes
// are found.
#pragma once

#include "operation.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace property {

// What a collect has to say of a page. `maybe` stands where the contract
// declares a superset.
enum class Answer : unsigned char { clean, maybe, written };

struct Page {
    bool mapped = true;
    Access access = Access::write;
    bool populated = false; // it has contents
    Answer written = Answer::clean;
    Answer strange = Answer::clean; // mapped anew without a word, and not found yet
    bool present = false;           // populated, or read and so not empty for the kernel
    bool unarmed = false;           // told to be new, and nobody looked at it yet
    bool stale = false;             // was written, and then unmapped without a word
    Answer known = Answer::clean;   // has contents that were reported, or were there before
    Answer dropped = Answer::clean; // known contents were dropped without a word
    std::uint32_t watch = 0;        // which, 0 if none

    // For statistics only: was reported with reset and has not changed since.
    bool armed = false;
};

// What the contract says of back ends that do not keep a page's state by the page
// itself, but know it only as long as nobody else changes its protection.
enum class Keeps : bool { nothing, state };

class Model {
public:
    explicit Model(Keeps keeps) : keeps_(keeps) {}

    const Page& page(std::size_t number) const { return pages_[number]; }
    // Drops and changes without a word.
    bool tells_drops() const { return keeps_ == Keeps::state; }
    bool readable(std::size_t page) const;
    bool writable(std::size_t page) const;

    // What the program does to its memory.
    void store(std::size_t page);
    void load(std::size_t page);
    void protect(Span span, Access access);
    void map_over(Span span, Access access, bool told);
    void unmap(Span span, bool told);
    void discard(Span span, Word word);

    // What the tracker was asked to do, and has done.
    void watch(Span span, bool keep);
    void unwatch(Span span);
    void forget(Span span);
    void failed_watch(Span span);
    void reset(Span span);
    void reported(std::size_t page, Form form, bool reset);
    // Changes without a word in front of `resume` have been found, those in the
    // rest of the span may have been.
    void collected(Span span, std::size_t resume);

    bool any_watched(Span span) const;
    bool any_unmapped(Span span) const;
    // The watch that covers the whole span.
    std::optional<Span> watch_of(Span span) const;
    std::size_t watch_count() const;

    // The longest part of the span from its first page on that has one watch, or
    // none.
    Span clipped(Span span) const;
    // Two neighbouring blocks that the span meets were reported with reset
    // from end to end.
    bool two_armed_blocks(Span span) const;

private:
    template<class Change>
    void for_each(Span span, Change change);
    void end_watches(Span span);
    void lose_contents(Page& page) const;
    bool block_is_armed(std::size_t block) const;

    Keeps keeps_;
    std::array<Page, kRegionPages> pages_{};
    std::uint32_t last_watch_ = 0;
};

} // namespace property
