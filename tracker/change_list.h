// SPDX-License-Identifier: MIT
// What changed in numbered pages from one checkpoint to the next, in the order in
// which it changed, in blocks from the pool of page copies, so that one limit
// bounds everything. A change works in both directions: the lines of a page that
// differ as the XOR of both versions, or another slot that changes places with
// the page's.
#pragma once

#include "page_lines.h"
#include "page_pool.h"

#include <cstddef>
#include <cstdint>

namespace ww {

struct Change {
    std::uint32_t page;
    union {
        std::uint32_t span; // of the page, as page_lines.h counts them
        PagePool::Slot slot;
    };
    LineSet lines; // none: the page's slot changes with `slot`
};

class ChangeList {
public:
    // How many exchanged slots fit into one block.
    static constexpr std::size_t per_block(std::size_t page_bytes) noexcept {
        return (page_bytes - sizeof(Block)) / sizeof(Change);
    }

    // The page's slot was another. The pool must have a slot left, here and below.
    void append(PagePool& pool, std::uint32_t page, PagePool::Slot before) noexcept;
    // These lines of the span differ: the kept version becomes the new one.
    void append(PagePool& pool, std::uint32_t page, std::uint32_t span, LineSet lines,
                const Line* contents, Line* kept) noexcept;

    // What comes behind this list, which takes it over.
    void join(const PagePool& pool, ChangeList& later) noexcept;

    // Gives the memory back: the list's, and that of the slots that it holds.
    void release(PagePool& pool) noexcept;

    // Visits all with visit(Change&, const Line*): the first of its lines, below
    // which the others lie. In the order in which they came, or the other way.
    template<class Visit>
    void for_each(const PagePool& pool, Visit visit) const noexcept;
    template<class Visit>
    void for_each_backwards(const PagePool& pool, Visit visit) const noexcept;

private:
    // Changes grow from the front, their lines from the back.
    struct Block {
        PagePool::Slot before;
        PagePool::Slot next;
        std::uint32_t change_count;
        std::uint32_t line_count;

        Change* changes() noexcept { return reinterpret_cast<Change*>(this + 1); }
        Line* line(std::size_t number, std::size_t page_bytes) noexcept {
            return reinterpret_cast<Line*>(reinterpret_cast<std::byte*>(this) + page_bytes) - 1 -
                   number;
        }
        std::size_t room(std::size_t page_bytes) const noexcept {
            return page_bytes - sizeof(Block) - change_count * sizeof(Change) -
                   line_count * sizeof(Line);
        }
    };
    static Block& block_at(const PagePool& pool, PagePool::Slot slot) noexcept {
        return *static_cast<Block*>(pool.at(slot));
    }
    Block& block_with(PagePool& pool, std::size_t bytes) noexcept;

    PagePool::Slot first_ = PagePool::kZeros;
    PagePool::Slot last_ = PagePool::kZeros;
};

template<class Visit>
void ChangeList::for_each(const PagePool& pool, Visit visit) const noexcept {
    for (PagePool::Slot slot = first_; slot != PagePool::kZeros;) {
        Block& block = block_at(pool, slot);
        slot = block.next;
        std::size_t line = 0;
        for (std::uint32_t i = 0; i < block.change_count; ++i) {
            Change& change = block.changes()[i];
            visit(change, block.line(line, pool.page_bytes()));
            line += line_count(change.lines);
        }
    }
}

template<class Visit>
void ChangeList::for_each_backwards(const PagePool& pool, Visit visit) const noexcept {
    for (PagePool::Slot slot = last_; slot != PagePool::kZeros;) {
        Block& block = block_at(pool, slot);
        slot = block.before;
        std::size_t line = block.line_count;
        for (std::uint32_t i = block.change_count; i > 0; --i) {
            Change& change = block.changes()[i - 1];
            line -= line_count(change.lines);
            visit(change, block.line(line, pool.page_bytes()));
        }
    }
}

} // namespace ww
