// SPDX-License-Identifier: MIT
#include "pagemap_scan_v7.h"

#include <limits>

namespace ww::v7 {

using kernel::Error;

namespace {

constexpr std::uint64_t kNotWritten =
    WW_V7_PAGE_IS_FILE | WW_V7_PAGE_IS_PRESENT | WW_V7_PAGE_IS_SWAPPED;
constexpr std::uint64_t kKnown = WW_V7_PAGE_IS_WT | kNotWritten;

constexpr std::uint64_t categories_of(std::uint64_t bitmap) noexcept {
    return bitmap << 1;
}
static_assert(categories_of(WW_V7_PAGE_IS_WT) == WW_PAGE_IS_WRITTEN);
static_assert(categories_of(WW_V7_PAGE_IS_FILE) == WW_PAGE_IS_FILE);
static_assert(categories_of(WW_V7_PAGE_IS_PRESENT) == WW_PAGE_IS_PRESENT);
static_assert(categories_of(WW_V7_PAGE_IS_SWAPPED) == WW_PAGE_IS_SWAPPED);

static_assert(sizeof(ww_v7_pagemap_scan_arg) == 72);
static_assert(offsetof(ww_v7_pagemap_scan_arg, max_pages) == 32);
static_assert(offsetof(ww_v7_pagemap_scan_arg, required_mask) == 40);
static_assert(sizeof(ww_v7_page_region) == 24);

} // namespace

Error check(const ww_v7_pagemap_scan_arg& arg, Accessible accessible,
            std::size_t page_bytes) noexcept {
    if (arg.start % page_bytes != 0 || !accessible.range)
        return Error::invalid;
    if (gets(arg) && (arg.vec_len == 0 || !accessible.vector))
        return Error::no_memory;
    const std::uint64_t selecting = arg.required_mask | arg.anyof_mask | arg.excluded_mask;
    if ((arg.flags & ~WW_V7_PAGEMAP_WP_ENGAGE) != 0 ||
        ((selecting | arg.return_mask) & ~kKnown) != 0)
        return Error::invalid;
    if (gets(arg) && (selecting == 0 || arg.return_mask == 0))
        return Error::invalid;
    if (engages(arg) && ((arg.required_mask | arg.anyof_mask) & kNotWritten) != 0)
        return Error::invalid;
    return Error::none;
}

std::optional<Range> range_of(const ww_v7_pagemap_scan_arg& arg, std::size_t page_bytes) noexcept {
    constexpr std::uint64_t kTop = std::numeric_limits<std::uintptr_t>::max();
    const std::uint64_t last_page = kTop / page_bytes * page_bytes;
    if (arg.start > last_page || arg.len > last_page - arg.start)
        return std::nullopt;
    const std::uint64_t end = (arg.start + arg.len + page_bytes - 1) / page_bytes * page_bytes;
    return Range{static_cast<std::uintptr_t>(arg.start), static_cast<std::uintptr_t>(end)};
}

std::optional<PageQuestion> question_of(const ww_v7_pagemap_scan_arg& arg) noexcept {
    // Without an output all that is written is meant, whatever the masks say.
    if (!gets(arg))
        return PageQuestion{.mask = WW_PAGE_IS_WRITTEN};
    const std::uint64_t any_of = arg.anyof_mask & ~arg.excluded_mask;
    if ((arg.required_mask & arg.excluded_mask) != 0 || (any_of == 0 && arg.anyof_mask != 0))
        return std::nullopt;
    return PageQuestion{
        .mask = categories_of(arg.required_mask | arg.excluded_mask),
        .inverted = categories_of(arg.excluded_mask),
        .any_of = categories_of(any_of),
        .returned = categories_of(arg.return_mask),
        .passes_over_empty = true,
        .file_is_mapping = true,
    };
}

} // namespace ww::v7
