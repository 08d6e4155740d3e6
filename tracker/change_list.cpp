// SPDX-License-Identifier: MIT
#include "change_list.h"

#include <new>

namespace ww {

bool ChangeList::add_block(PagePool& pool) noexcept {
    const PagePool::Slot slot = pool.allocate();
    if (slot == PagePool::kZeros)
        return false;
    new (pool.at(slot)) Block{PagePool::kZeros, 0};
    if (last_ == PagePool::kZeros)
        first_ = slot;
    else
        block_at(pool, last_).next = slot;
    last_ = slot;
    return true;
}

bool ChangeList::append(PagePool& pool, Change change) noexcept {
    const bool full =
        last_ == PagePool::kZeros || block_at(pool, last_).count == per_block(pool.page_bytes());
    if (full && !add_block(pool))
        return false;
    Block& block = block_at(pool, last_);
    block.changes()[block.count++] = change;
    ++count_;
    return true;
}

} // namespace ww
