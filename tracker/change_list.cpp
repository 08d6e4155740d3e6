// SPDX-License-Identifier: MIT
#include "change_list.h"

#include <new>

namespace ww {

ChangeList::Block& ChangeList::block_with(PagePool& pool, std::size_t bytes) noexcept {
    if (last_ != PagePool::kZeros && block_at(pool, last_).room(pool.page_bytes()) >= bytes)
        return block_at(pool, last_);
    const PagePool::Slot slot = pool.allocate();
    auto* block = new (pool.at(slot)) Block{last_, PagePool::kZeros, 0, 0};
    if (last_ == PagePool::kZeros)
        first_ = slot;
    else
        block_at(pool, last_).next = slot;
    last_ = slot;
    return *block;
}

void ChangeList::append(PagePool& pool, std::uint32_t page, PagePool::Slot before) noexcept {
    Block& block = block_with(pool, sizeof(Change));
    new (&block.changes()[block.change_count++]) Change{.page = page, .slot = before, .lines = 0};
}

// What does not fit into the block goes on in the next, as a change of its own.
void ChangeList::append(PagePool& pool, std::uint32_t page, std::uint32_t span, LineSet lines,
                        const Line* contents, Line* kept) noexcept {
    while (lines != 0) {
        Block& block = block_with(pool, sizeof(Change) + sizeof(Line));
        std::size_t room =
            (block.room(pool.page_bytes()) - sizeof(Change)) / sizeof(Line);
        LineSet done = 0;
        for_each_line(lines, [&](unsigned line) {
            if (room == 0)
                return;
            --room;
            done |= LineSet{1} << line;
            Line& difference = *block.line(block.line_count++, pool.page_bytes());
            difference.set_difference(contents[line], kept[line]);
            kept[line].set_difference(kept[line], difference); // not what is there by now
        });
        new (&block.changes()[block.change_count++])
            Change{.page = page, .span = span, .lines = done};
        lines &= ~done;
    }
}

void ChangeList::join(const PagePool& pool, ChangeList& later) noexcept {
    if (later.first_ == PagePool::kZeros)
        return;
    if (first_ == PagePool::kZeros) {
        first_ = later.first_;
    } else {
        block_at(pool, last_).next = later.first_;
        block_at(pool, later.first_).before = last_;
    }
    last_ = later.last_;
    later = {};
}

void ChangeList::release(PagePool& pool) noexcept {
    while (first_ != PagePool::kZeros) {
        const PagePool::Slot slot = first_;
        Block& block = block_at(pool, slot);
        first_ = block.next;
        for (std::uint32_t i = 0; i < block.change_count; ++i) {
            const Change& change = block.changes()[i];
            if (change.lines == 0)
                pool.free(change.slot);
        }
        pool.free(slot);
    }
    last_ = PagePool::kZeros;
}

} // namespace ww
