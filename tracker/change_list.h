// SPDX-License-Identifier: MIT
// Which pages changed between two checkpoints, in blocks from the pool of page
// copies, so that one limit bounds everything.
#pragma once

#include "page_pool.h"

#include <cstddef>
#include <cstdint>

namespace ww {

struct Change {
    std::uint32_t page;
    PagePool::Slot before;
    PagePool::Slot after;
};

class ChangeList {
public:
    std::size_t count() const noexcept { return count_; }

    // How many changes fit into one slot.
    static constexpr std::size_t per_block(std::size_t page_bytes) noexcept {
        return (page_bytes - sizeof(Block)) / sizeof(Change);
    }

    // False when the pool has no slot left.
    bool append(PagePool& pool, Change change) noexcept;

    // Visits all and gives the list's memory back behind each block, so that one
    // free slot is enough to append to another list what is taken from this one.
    template<class Visit>
    void consume(PagePool& pool, Visit visit) noexcept {
        while (first_ != PagePool::kZeros) {
            const PagePool::Slot slot = first_;
            Block& block = block_at(pool, slot);
            first_ = block.next;
            for (std::uint32_t i = 0; i < block.count; ++i)
                visit(block.changes()[i]);
            pool.free(slot);
        }
        *this = {};
    }

    // Gives the memory of the list back, not the slots that it names.
    void release(PagePool& pool) noexcept {
        consume(pool, [](const Change&) {});
    }

    // Visits all in the order in which they came.
    template<class Visit>
    void for_each(const PagePool& pool, Visit visit) const noexcept {
        for (PagePool::Slot slot = first_; slot != PagePool::kZeros;) {
            Block& block = block_at(pool, slot);
            slot = block.next;
            for (std::uint32_t i = 0; i < block.count; ++i)
                visit(block.changes()[i]);
        }
    }

private:
    struct Block {
        PagePool::Slot next;
        std::uint32_t count;
        Change* changes() noexcept { return reinterpret_cast<Change*>(this + 1); }
    };
    static Block& block_at(const PagePool& pool, PagePool::Slot slot) noexcept {
        return *static_cast<Block*>(pool.at(slot));
    }
    bool add_block(PagePool& pool) noexcept;

    PagePool::Slot first_ = PagePool::kZeros;
    PagePool::Slot last_ = PagePool::kZeros;
    std::size_t count_ = 0;
};

} // namespace ww
