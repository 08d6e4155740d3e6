// SPDX-License-Identifier: MIT
// The judgement of pages against a model of the proposal's code, and what is
// asked of the kernel against a model of the kernel.
#include "page_question.h"

#include "pagemap_scan_v7.h"

#include <doctest/doctest.h>
#include <random>

using namespace ww::kernel::uapi;
using ww::answer;
using ww::mask_to_find;
using ww::mask_to_protect;
using ww::Memory;
using ww::PageQuestion;
using ww::kernel::PageMask;

namespace {

constexpr std::uint64_t kContents = PAGE_IS_PRESENT | PAGE_IS_SWAPPED;
constexpr Memory kMemories[] = {Memory::anonymous, Memory::file, Memory::hugetlb};

// pagemap_scan_is_interesting_page() of the kernel.
bool kernel_matches(const PageMask& mask, std::uint64_t categories) {
    const std::uint64_t judged = categories ^ mask.inverted;
    return (judged & mask.required) == mask.required &&
           (mask.any_of == 0 || (judged & mask.any_of) != 0);
}

// add_to_out() of the proposal: the bitmap to store, 0 if none is.
std::uint64_t proposal_stores(const ww_v7_pagemap_scan_arg& arg, std::uint64_t cur) {
    bool copy = true;
    if (arg.required_mask != 0)
        copy = (arg.required_mask & cur) == arg.required_mask;
    if (copy && arg.anyof_mask != 0)
        copy = (arg.anyof_mask & cur) != 0;
    if (copy && arg.excluded_mask != 0)
        copy = (arg.excluded_mask & cur) == 0;
    return copy ? cur & arg.return_mask : 0;
}

// All states of a page in registered memory that a kernel can tell.
template<class Body>
void for_each_state(Body body) {
    for (const std::uint64_t written : {std::uint64_t{0}, PAGE_IS_WRITTEN}) {
        body(PAGE_IS_WPALLOWED | written);
        for (const std::uint64_t contents : {PAGE_IS_PRESENT, PAGE_IS_SWAPPED}) {
            for (const std::uint64_t file : {std::uint64_t{0}, PAGE_IS_FILE}) {
                for (const std::uint64_t zero : {std::uint64_t{0}, PAGE_IS_PFNZERO})
                    body(PAGE_IS_WPALLOWED | contents | written | file | zero);
            }
        }
    }
}

template<class Body>
void for_each_v7_request(Body body) {
    for (unsigned masks = 0; masks < 0x10000; ++masks) {
        ww_v7_pagemap_scan_arg arg{};
        arg.vec = 1;
        arg.required_mask = masks & 0xf;
        arg.anyof_mask = masks >> 4 & 0xf;
        arg.excluded_mask = masks >> 8 & 0xf;
        arg.return_mask = masks >> 12;
        body(arg);
    }
}

// The state in the proposal's bits, with its meaning of FILE and ours of WT.
std::uint64_t v7_bits(std::uint64_t categories, Memory memory) {
    const bool written = (categories & PAGE_IS_WRITTEN) != 0 &&
                         (memory == Memory::file || (categories & kContents) != 0);
    std::uint64_t bits = categories >> 1 & (WW_V7_PAGE_IS_PRESENT | WW_V7_PAGE_IS_SWAPPED);
    bits |= written ? WW_V7_PAGE_IS_WT : 0;
    bits |= memory != Memory::anonymous ? WW_V7_PAGE_IS_FILE : 0;
    return bits;
}

// What both masks promise, counted so that a million checks stay quick.
int broken_promises(const PageQuestion& question, Memory memory) {
    int broken = 0;
    const PageMask find = mask_to_find(question, memory);
    const auto protect = mask_to_protect(question, memory);
    for_each_state([&](std::uint64_t categories) {
        const bool wanted = answer(question, categories, memory).has_value();
        const bool hole = memory == Memory::anonymous && (categories & kContents) == 0;
        const bool written = (categories & PAGE_IS_WRITTEN) != 0 && !hole;
        broken += wanted && !kernel_matches(find, categories);
        if (protect) {
            broken += wanted && !hole && !kernel_matches(*protect, categories);
            broken += written && kernel_matches(*protect, categories) && !wanted;
            broken += hole && question.any_of == 0 && kernel_matches(*protect, categories);
        } else {
            broken += wanted && written;
        }
    });
    return broken;
}

} // namespace

TEST_CASE("v7 masks: every request and state has the proposal's answer") {
    int wrong = 0;
    for_each_v7_request([&](const ww_v7_pagemap_scan_arg& arg) {
        const auto question = ww::v7::question_of(arg);
        for (const Memory memory : kMemories) {
            for_each_state([&](std::uint64_t categories) {
                const std::uint64_t expected = proposal_stores(arg, v7_bits(categories, memory));
                const auto got = question ? answer(*question, categories, memory) : std::nullopt;
                wrong += (got ? ww::v7::bitmap_of(*got) : 0) != expected;
            });
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("v7 masks: the kernel finds all that is wanted, and protects only what is reported") {
    int broken = 0;
    for_each_v7_request([&](ww_v7_pagemap_scan_arg& arg) {
        // Others are refused together with WP_ENGAGE.
        arg.required_mask &= WW_V7_PAGE_IS_WT;
        arg.anyof_mask &= WW_V7_PAGE_IS_WT;
        if (const auto question = ww::v7::question_of(arg)) {
            for (const Memory memory : {Memory::anonymous, Memory::file})
                broken += broken_promises(*question, memory);
        }
    });
    CHECK(broken == 0);
}

TEST_CASE("today's masks: the same, for random requests") {
    std::mt19937_64 random{1};
    int broken = 0;
    for (int i = 0; i < 200'000; ++i) {
        const auto bits = [&] { return random() & random() & 0x3f; };
        const PageQuestion question{
            .mask = bits(), .inverted = bits(), .any_of = bits(), .returned = bits()};
        for (const Memory memory : {Memory::anonymous, Memory::file})
            broken += broken_promises(question, memory);
    }
    CHECK(broken == 0);
}

TEST_CASE("written: what is there and not registered, whatever the kernel says of it") {
    const PageQuestion question{.mask = PAGE_IS_WRITTEN, .returned = PAGE_IS_WRITTEN};
    for (const Memory memory : kMemories) {
        CHECK(answer(question, PAGE_IS_PRESENT, memory) == PAGE_IS_WRITTEN);
        CHECK(answer(question, PAGE_IS_PRESENT | PAGE_IS_WRITTEN, memory) == PAGE_IS_WRITTEN);
        CHECK_FALSE(answer(question, PAGE_IS_WRITTEN, memory));
        CHECK_FALSE(answer(question, PAGE_IS_PRESENT | PAGE_IS_WPALLOWED, memory));
    }
}

TEST_CASE("written: a registered hole counts in files only") {
    const PageQuestion question{.mask = PAGE_IS_WRITTEN, .returned = PAGE_IS_WRITTEN};
    constexpr std::uint64_t kHole = PAGE_IS_WPALLOWED | PAGE_IS_WRITTEN;
    CHECK_FALSE(answer(question, kHole, Memory::anonymous));
    CHECK_FALSE(answer(question, kHole, Memory::hugetlb));
    CHECK(answer(question, kHole, Memory::file));
}

TEST_CASE("holes of anonymous memory are asked for only if they can be wanted") {
    const PageQuestion written{.mask = PAGE_IS_WRITTEN, .returned = PAGE_IS_WRITTEN};
    CHECK(mask_to_find(written, Memory::anonymous).any_of == kContents);
    const PageQuestion clean{
        .mask = PAGE_IS_WRITTEN, .inverted = PAGE_IS_WRITTEN, .returned = PAGE_IS_WRITTEN};
    CHECK(mask_to_find(clean, Memory::anonymous).any_of == 0);
}

TEST_CASE("v7 clear: all that is written is protected, whatever the masks say") {
    ww_v7_pagemap_scan_arg arg{};
    arg.excluded_mask = arg.required_mask = WW_V7_PAGE_IS_WT;
    const auto question = ww::v7::question_of(arg);
    REQUIRE(question);
    for_each_state([&](std::uint64_t categories) {
        const bool written = (categories & PAGE_IS_WRITTEN) != 0;
        CHECK(answer(*question, categories, Memory::file).has_value() == written);
    });
}
