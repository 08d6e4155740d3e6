// SPDX-License-Identifier: MIT
// Marking and clearing the pages of one block at once. It is the middle one of three:
// of blocks at the edge of a range the pages are looked at, of others the flag.
#include "stepped.h"
// Second, so that their atomics are those.

#include "armed_blocks.h"

#include <doctest/doctest.h>

using model::Memory;
using model::Scheduler;
using ww::Arena;
using ww::ArmedBlocks;
using ww::Range;

namespace {

constexpr std::uintptr_t kPage = 4096;

constexpr std::uintptr_t kBlock = 512;

// Of the middle block.
constexpr Range pages(std::uintptr_t first, std::uintptr_t end) {
    return {(kBlock + first) * kPage, (kBlock + end) * kPage};
}
constexpr Range kThreeBlocks{0, 3 * kBlock* kPage};

struct Blocks {
    Arena arena;
    ArmedBlocks armed{arena, kPage};
    std::uint64_t epoch = armed.epoch();

    bool full() const { return armed.first_run(kThreeBlocks) == kThreeBlocks; }
    void mark(Range range) { armed.mark(range, epoch); }
};

struct Ends {
    std::size_t executions = 0;
    long full = 0;
};

// All pages but the middle block's last are marked; then the threads run in every order.
template<class... Actions>
Ends explore(Actions... actions) {
    std::unique_ptr<Blocks> blocks;
    Ends ends;
    ends.executions = Scheduler::explore(
        Memory::sequential,
        [&] {
            blocks = std::make_unique<Blocks>();
            blocks->mark(kThreeBlocks);
            blocks->armed.clear(pages(511, 512));
            blocks->epoch = blocks->armed.epoch();
            return std::vector<Scheduler::Body>{[&, actions] { actions(*blocks); }...};
        },
        [&] { ends.full += blocks->full(); });
    return ends;
}

void mark_last(Blocks& blocks) {
    blocks.mark(pages(511, 512));
}

} // namespace

TEST_CASE("the last page marked while another is cleared: the block never ends as armed") {
    for (const std::uintptr_t cleared :
         {std::uintptr_t{0}, std::uintptr_t{460}, std::uintptr_t{511}}) {
        CAPTURE(cleared);
        const Ends ends = explore(
            mark_last, [&](Blocks& blocks) { blocks.armed.clear(pages(cleared, cleared + 1)); });
        CHECK(ends.executions > 5);
        CHECK(ends.full == 0);
    }
}

TEST_CASE("the last page marked while another is taken: the block never ends as armed") {
    for (const std::uintptr_t taken : {std::uintptr_t{0}, std::uintptr_t{460}}) {
        CAPTURE(taken);
        const Ends ends = explore(mark_last, [&](Blocks& blocks) {
            blocks.armed.visit_marked(pages(taken, taken + 1), true, [](Range) { return true; });
        });
        CHECK(ends.executions > 3);
        CHECK(ends.full == 0);
    }
}

TEST_CASE("two halves of what is missing marked at once: the block always ends as armed") {
    const Ends ends = explore([](Blocks& blocks) { mark_last(blocks); },
                              [](Blocks& blocks) { blocks.mark(pages(510, 512)); });
    CHECK(ends.executions > 5);
    CHECK(ends.full == static_cast<long>(ends.executions));
}
