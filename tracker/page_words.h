// SPDX-License-Identifier: MIT
// What the mprotect back end knows of each page: a word a page, in memory that
// comes as it is touched, so that a reservation costs what was written in it.
// Readers and writers take no lock; a word is changed in one step.
//
// A page is written if
//   - its word says so, or
//   - its word says so although the page is still protected (latched), or
//   - somebody is opening it: between the announcement and the second mark the
//     page may be open while a collector has taken the first mark away.
// The word also counts collectors that have taken the mark and not yet
// protected the page: until then the page is open and is not written.
#pragma once

#include "arena.h"
#include "range.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ww {

class PageWords {
public:
    PageWords(Arena& arena, std::size_t page_bytes) noexcept;

    // Makes what the range needs; false when memory ran out. All else is about
    // pages for which it was done.
    bool prepare(Range range) noexcept;

    // For who opens a page: in front of opening it, and behind. False if there
    // are more doing so than can be counted.
    bool begin_opening(std::uintptr_t page) noexcept;
    void end_opening(std::uintptr_t page) noexcept;

    // Counts the page as written from now on, though it is protected.
    void latch(std::uintptr_t page) noexcept;
    // The same if nothing was ever known of the page.
    void latch_if_unknown(std::uintptr_t page) noexcept;

    // For collectors. Of one page; the first written page, and the first of which nothing is
    // known but that it should be protected; range.end if there is none.
    bool is_written(std::uintptr_t page) const noexcept {
        return says_written(word_of(page).load());
    }
    std::uintptr_t first_written(Range range) const noexcept;
    std::uintptr_t first_quiet(Range range) const noexcept;

    // Takes the mark of a written page, for who will protect it: each mark goes
    // to one. False if it is not written (any more).
    bool take(std::uintptr_t page) noexcept;
    // Reserves a quiet page for who will look at its protection. False if it is
    // not quiet (any more).
    bool take_quiet(std::uintptr_t page) noexcept;
    bool is_reserved(std::uintptr_t page) const noexcept {
        return (word_of(page).load() & ~kKnown) == kOneTaking;
    }
    // After either, when the page was protected (or was found to be).
    void leave(std::uintptr_t page) noexcept;
    // After take(), when it could not be protected.
    void give_back(std::uintptr_t page) noexcept;

    // Forgets that pages were written.
    void clear(Range range) noexcept;

    // The front of the range: as far as its block reaches where something was
    // ever known of any page of it, or as far as nothing ever was.
    struct Piece {
        Range range;
        bool known;
    };
    Piece first_piece(Range range) const noexcept;

    static constexpr std::size_t kPagesPerBlock = 512;

private:
    using Word = std::uint32_t;
    // From the lowest bit: written, latched, ever known, a count of collectors,
    // a count of who is opening.
    static constexpr Word kWritten = 1;
    static constexpr Word kLatched = 2;
    static constexpr Word kKnown = 4;
    static constexpr Word kOneTaking = 8;
    static constexpr Word kOneOpening = 1U << 13;
    static constexpr Word kTaking = kOneOpening - kOneTaking;
    static constexpr Word kOpening = ~(kOneOpening - 1);

    static constexpr bool says_written(Word word) noexcept {
        return (word & (kWritten | kLatched | kOpening)) != 0;
    }
    static constexpr bool is_quiet(Word word) noexcept { return (word & ~kKnown) == 0; }

    static constexpr std::size_t kWordBits = 64;
    // 48 bits of address in pages of 4 KiB, or 32 bits.
    static constexpr std::size_t kPagesPerGroup = std::size_t{1} << (sizeof(void*) == 8 ? 22 : 16);
    static constexpr std::size_t kGroups = std::size_t{1} << (sizeof(void*) == 8 ? 14 : 4);
    static constexpr std::size_t kBlocksPerGroup = kPagesPerGroup / kPagesPerBlock;

    struct Group {
        std::array<std::atomic<std::uint64_t>, kBlocksPerGroup / kWordBits> known;
        std::array<std::atomic<Word>, kPagesPerGroup> words;
    };

    std::atomic<Group*>& group_at(std::uintptr_t address) const noexcept {
        return groups_[(address >> page_shift_) / kPagesPerGroup];
    }
    std::atomic<Word>& word_of(std::uintptr_t page) const noexcept;
    bool is_known(std::uintptr_t address) const noexcept;
    std::uintptr_t block_end(std::uintptr_t address) const noexcept {
        return ((address >> block_shift_) + 1) << block_shift_;
    }
    void make_known(std::uintptr_t page) noexcept;
    template<class Allowed, class Next>
    bool change(std::uintptr_t page, Allowed allowed, Next next) noexcept;
    std::uintptr_t next_known(std::uintptr_t block, std::uintptr_t end) const noexcept;
    template<class Matches>
    std::uintptr_t first_in_block(Range part, Matches matches) const noexcept;

    Arena& arena_;
    unsigned page_shift_;
    unsigned block_shift_;
    mutable std::array<std::atomic<Group*>, kGroups> groups_{};
};

} // namespace ww
