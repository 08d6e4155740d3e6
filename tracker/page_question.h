// SPDX-License-Identifier: MIT
// Which pages of a process are asked for, and what is said of them: pure, no
// kernel. A question is answered in two steps. The kernel is given a mask that
// no wanted page escapes; what it finds is judged here, because what it says of
// pages that are not there, or not registered, depends on its version.
#pragma once

#include "kernel/pagemap.h"

#include <cstdint>
#include <optional>

namespace ww {

enum class Memory : unsigned char {
    anonymous, // private, without a file
    file,      // with one: shared memory too
    hugetlb,
};

struct PageQuestion {
    // As in PAGEMAP_SCAN: all of `mask` and one of `any_of`, if not 0, after
    // the `inverted` bits are negated; `returned` are the bits to report.
    std::uint64_t mask = 0;
    std::uint64_t inverted = 0;
    std::uint64_t any_of = 0;
    std::uint64_t returned = 0;
    // Two more rules, of the proposal of 2023.
    bool passes_over_empty = false; // pages without any returned bit are not wanted
    bool file_is_mapping = false;   // FILE is said of mappings, not of pages
};

// Whether there is nothing at all: neither a page nor a mark in its place.
constexpr bool is_hole(std::uint64_t categories) noexcept {
    return (categories & (kernel::uapi::PAGE_IS_PRESENT | kernel::uapi::PAGE_IS_SWAPPED)) == 0;
}

// The returned bits of a page of which the kernel says `categories`; nothing if
// it is not wanted.
std::optional<std::uint64_t> answer(const PageQuestion& question, std::uint64_t categories,
                                    Memory memory) noexcept;

// What to ask of the kernel in order to find all wanted pages.
kernel::PageMask mask_to_find(const PageQuestion& question, Memory memory) noexcept;

// What to ask of the kernel in order to find the wanted pages and protect them
// in the same step: every written page that it matches is wanted, or its write
// would be lost; holes of anonymous memory are not matched. Nothing if no
// written page can be wanted, so that finding is enough. Not for hugetlb.
std::optional<kernel::PageMask> mask_to_protect(const PageQuestion& question,
                                                Memory memory) noexcept;

// The categories that the kernel must return for answer().
std::uint64_t categories_needed(const PageQuestion& question) noexcept;

} // namespace ww
