// SPDX-License-Identifier: MIT
// Memory for copies of pages, one slot each, within a limit. Never by the
// host's allocator, whose heap may be the very memory that is copied.
#pragma once

#include "kernel/handles.h"

#include <cstddef>
#include <cstdint>

namespace ww {

class PagePool {
public:
    using Slot = std::uint32_t;
    // Reads as zeros, must not be written, belongs to everybody.
    static constexpr Slot kZeros = 0;

    // Address space only; memory comes as slots are used.
    kernel::Error open(std::size_t bytes_limit, std::size_t page_bytes) noexcept;

    // kZeros when all are taken. The contents are whatever was there.
    Slot allocate() noexcept;
    void free(Slot slot) noexcept;

    void* at(Slot slot) const noexcept {
        return reinterpret_cast<void*>(memory_.range().start + slot * page_bytes_);
    }
    std::size_t page_bytes() const noexcept { return page_bytes_; }
    std::size_t slots_used() const noexcept { return used_; }
    std::size_t slots_free() const noexcept { return slot_count_ - 1 - used_; }

private:
    kernel::Mapping memory_;
    std::size_t page_bytes_ = 0;
    std::size_t slot_count_ = 1;
    std::size_t used_ = 0;
    Slot never_used_ = 1; // from here on
    Slot freed_ = kZeros; // the first of a list through the slots themselves
};

} // namespace ww
