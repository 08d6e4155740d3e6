// SPDX-License-Identifier: MIT
// The request of January 2023 in today's words: its checks and its masks. Pure.
#pragma once

#include "kernel/result.h"
#include "page_question.h"
#include "range.h"
#include "writewatch/pagemap_scan.h"

#include <cstddef>
#include <optional>

namespace ww::v7 {

// What the kernel says of addresses.
struct Accessible {
    bool range;
    bool vector;
};

// The proposal's checks of the arguments, in its order.
kernel::Error check(const ww_v7_pagemap_scan_arg& arg, Accessible accessible,
                    std::size_t page_bytes) noexcept;

// [start, start + len), the end rounded up to a page; nothing if that wraps.
std::optional<Range> range_of(const ww_v7_pagemap_scan_arg& arg, std::size_t page_bytes) noexcept;

constexpr bool gets(const ww_v7_pagemap_scan_arg& arg) noexcept {
    return arg.vec != 0;
}
constexpr bool engages(const ww_v7_pagemap_scan_arg& arg) noexcept {
    return (arg.flags & WW_V7_PAGEMAP_WP_ENGAGE) != 0;
}
constexpr bool needs_trackable(const ww_v7_pagemap_scan_arg& arg) noexcept {
    return ((arg.required_mask | arg.anyof_mask) & WW_V7_PAGE_IS_WT) != 0;
}

// Nothing if the masks contradict each other, so that no page can be wanted.
std::optional<PageQuestion> question_of(const ww_v7_pagemap_scan_arg& arg) noexcept;

// Today's categories in the proposal's bits.
constexpr std::uint64_t bitmap_of(std::uint64_t categories) noexcept {
    return categories >> 1 & 0xf;
}

} // namespace ww::v7
