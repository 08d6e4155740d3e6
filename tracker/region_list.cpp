// SPDX-License-Identifier: MIT
#include "region_list.h"

#include "pagemap_scan_v7.h"

#include <cstring>
#include <limits>

namespace ww {

RegionList::RegionList(std::uintptr_t out, std::size_t capacity, std::uint64_t max_pages, Form form,
                       std::size_t page_bytes) noexcept
    : out_(out), capacity_(out == 0 ? std::numeric_limits<std::size_t>::max() : capacity),
      pages_left_(max_pages == 0 ? std::numeric_limits<std::uint64_t>::max() : max_pages),
      page_bytes_(page_bytes), form_(form) {}

Range RegionList::next_slots(std::size_t regions) const noexcept {
    if (out_ == 0)
        return {};
    const std::uintptr_t start = out_ + count_ * kRegionBytes;
    return {start, start + std::min(regions, regions_left()) * kRegionBytes};
}

Range RegionList::take(Range pages, std::uint64_t label) noexcept {
    if (pages.bytes() / page_bytes_ > pages_left_)
        pages.end = pages.start + static_cast<std::size_t>(pages_left_) * page_bytes_;
    const bool extends = extends_last(pages.start, label);
    if (pages.empty() || (!extends && regions_left() == 0))
        return {pages.start, pages.start};
    if (!extends) {
        last_.start = pages.start;
        label_ = label;
        ++count_;
    }
    last_.end = pages.end;
    pages_left_ -= pages.bytes() / page_bytes_;
    store_last();
    return pages;
}

// Copied: nobody promised that the caller's vector is aligned.
void RegionList::store_last() const noexcept {
    if (out_ == 0)
        return;
    const bool in_v7 = form_ == Form::v7;
    const std::uint64_t region[] = {last_.start, in_v7 ? last_.bytes() / page_bytes_ : last_.end,
                                    in_v7 ? v7::bitmap_of(label_) : label_};
    static_assert(sizeof region == kRegionBytes);
    std::memcpy(reinterpret_cast<void*>(out_ + (count_ - 1) * kRegionBytes), region, sizeof region);
}

} // namespace ww
