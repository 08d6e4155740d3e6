// SPDX-License-Identifier: MIT
// Pages and what became of them, in ascending order, within the room of a span
// and a number of pages.
#pragma once

#include "kernel/page_scan.h"
#include "kernel/memory.h"
#include "page_state.h"
#include "range.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ww {

class StatesOut {
public:
    StatesOut(std::span<kernel::Region> out, std::size_t page_limit) noexcept
        : out_(out), pages_left_(page_limit) {}

    // Gives the end of what found room.
    std::uintptr_t add(Range pages, PageState state) noexcept {
        const auto label = static_cast<std::uint64_t>(state);
        const std::size_t count = std::min(pages.bytes() / page_bytes_, pages_left_);
        const bool goes_on = count_ > 0 && out_[count_ - 1].end == pages.start &&
                             out_[count_ - 1].categories == label;
        if (count == 0 || (!goes_on && room() == 0))
            return pages.start;
        pages_left_ -= count;
        const std::uintptr_t end = pages.start + count * page_bytes_;
        if (goes_on)
            out_[count_ - 1].end = end;
        else
            out_[count_++] = {pages.start, end, label};
        return end;
    }
    // Of the last that was added.
    std::uintptr_t end() const noexcept {
        return count_ == 0 ? 0 : static_cast<std::uintptr_t>(out_[count_ - 1].end);
    }
    std::size_t room() const noexcept { return out_.size() - count_; }
    std::span<const kernel::Region> found() const noexcept { return out_.first(count_); }

private:
    std::span<kernel::Region> out_;
    std::size_t pages_left_;
    std::size_t page_bytes_ = kernel::page_bytes();
    std::size_t count_ = 0;
};

} // namespace ww
