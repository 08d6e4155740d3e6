// SPDX-License-Identifier: MIT
#include "page_question.h"

#include <bit>

namespace ww {

using kernel::PageMask;
using namespace kernel::uapi;

namespace {

constexpr std::uint64_t kContents = PAGE_IS_PRESENT | PAGE_IS_SWAPPED;
constexpr std::uint64_t kSoftDirty = 1 << 7;

constexpr std::uint64_t with(std::uint64_t bits, std::uint64_t bit, bool set) noexcept {
    return set ? bits | bit : bits & ~bit;
}

// Not registered: written if there is anything, as the kernel said before it
// learned to say nothing. Registered: as the kernel says, but a hole of
// anonymous memory never was written, whatever the version; one of a file may
// have been, and then its page was dropped together with the mark.
constexpr bool is_written(std::uint64_t categories, Memory memory) noexcept {
    const bool written = (categories & PAGE_IS_WRITTEN) != 0;
    if ((categories & PAGE_IS_WPALLOWED) == 0)
        return !is_hole(categories);
    return written && (memory == Memory::file || !is_hole(categories));
}

// FILE where it is said of the mapping: known before any page is looked at.
// False if no page of the mapping can be wanted.
bool settle_file(PageQuestion& question, Memory memory) noexcept {
    const bool has_file = memory != Memory::anonymous;
    const bool satisfied = has_file != ((question.inverted & PAGE_IS_FILE) != 0);
    if ((question.mask & PAGE_IS_FILE) != 0 && !satisfied)
        return false;
    question.mask &= ~PAGE_IS_FILE;
    if (has_file && (question.returned & PAGE_IS_FILE) != 0)
        question.passes_over_empty = false;
    return true;
}

} // namespace

std::optional<std::uint64_t> answer(const PageQuestion& question, std::uint64_t categories,
                                    Memory memory) noexcept {
    std::uint64_t bits = with(categories, PAGE_IS_WRITTEN, is_written(categories, memory));
    if (question.file_is_mapping)
        bits = with(bits, PAGE_IS_FILE, memory != Memory::anonymous);
    const std::uint64_t judged = bits ^ question.inverted;
    if ((judged & question.mask) != question.mask)
        return std::nullopt;
    if (question.any_of != 0 && (judged & question.any_of) == 0)
        return std::nullopt;
    const std::uint64_t reported = bits & question.returned;
    if (question.passes_over_empty && reported == 0)
        return std::nullopt;
    return reported;
}

std::uint64_t categories_needed(const PageQuestion& question) noexcept {
    return question.mask | question.inverted | question.any_of | question.returned |
           PAGE_IS_WPALLOWED | PAGE_IS_WRITTEN | kContents;
}

PageMask mask_to_find(const PageQuestion& question, Memory memory) noexcept {
    if (memory != Memory::anonymous)
        return {};
    // A hole carries what its mapping carries, and nothing else.
    for (const std::uint64_t hole :
         {std::uint64_t{0}, PAGE_IS_WPALLOWED, kSoftDirty, PAGE_IS_WPALLOWED | kSoftDirty}) {
        if (answer(question, hole, memory))
            return {};
    }
    return {.any_of = kContents};
}

std::optional<PageMask> mask_to_protect(const PageQuestion& asked, Memory memory) noexcept {
    PageQuestion question = asked;
    if (question.file_is_mapping && !settle_file(question, memory))
        return std::nullopt;
    // One bit of which "any" is asked is required, and leaves room for others.
    if (std::has_single_bit(question.any_of)) {
        question.mask |= question.any_of;
        question.any_of = 0;
    }
    const std::uint64_t unset = question.mask & question.inverted;
    if ((unset & PAGE_IS_WRITTEN) != 0)
        return std::nullopt;

    PageMask mask{question.mask, question.inverted & (question.mask | question.any_of),
                  question.any_of};
    if (mask.any_of != 0)
        return mask;
    // Written pages show something where WRITTEN is returned.
    if (question.passes_over_empty && (question.returned & PAGE_IS_WRITTEN) == 0)
        mask.any_of = question.returned & kContents & ~unset;
    else if (memory == Memory::anonymous)
        mask.any_of = kContents & ~unset;
    else
        return mask;
    if (mask.any_of == 0)
        return std::nullopt;
    return mask;
}

} // namespace ww
