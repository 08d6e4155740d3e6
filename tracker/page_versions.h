// SPDX-License-Identifier: MIT
// For each page the slot that holds its latest known contents. Memory comes as
// pages get one: a terabyte of untouched pages costs address space.
#pragma once

#include "kernel/handles.h"
#include "page_pool.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ww {

class PageVersions {
public:
    // Pages are numbered from 0; new ones have kZeros.
    kernel::Error grow(std::size_t page_count) noexcept;
    void shrink(std::size_t page_count) noexcept { page_count_ = page_count; }
    std::size_t page_count() const noexcept { return page_count_; }

    PagePool::Slot& operator[](std::uint32_t page) noexcept {
        return static_cast<PagePool::Slot*>(chunks_[page / kPerChunk].data())[page % kPerChunk];
    }
    PagePool::Slot operator[](std::uint32_t page) const noexcept {
        return static_cast<const PagePool::Slot*>(chunks_[page / kPerChunk].data())[page % kPerChunk];
    }

    // So many pages can be numbered at most: 16 TiB of 4 KiB.
    static constexpr std::size_t kPagesAtMost = std::size_t{1} << (sizeof(void*) == 8 ? 31 : 20);

private:
    static constexpr std::size_t kPerChunk = std::size_t{1} << (sizeof(void*) == 8 ? 20 : 16);

    std::array<kernel::Mapping, kPagesAtMost / kPerChunk> chunks_;
    std::size_t page_count_ = 0;
};

} // namespace ww
