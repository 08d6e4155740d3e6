// SPDX-License-Identifier: MIT
#include "hot_pages.h"

#include <cstring>
#include <new>

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Region;
using kernel::Result;

namespace {

constexpr std::size_t kPagesPerBlock = 512;

template<class Visit>
void for_each_page(std::span<const Region> found, Visit visit) noexcept {
    const std::size_t page_bytes = kernel::page_bytes();
    for (const Region& region : found) {
        const auto end = static_cast<std::uintptr_t>(region.end);
        for (auto page = static_cast<std::uintptr_t>(region.start); page < end; page += page_bytes)
            visit(page);
    }
}

} // namespace

Result<HotPages*> HotPages::create(Tracker& tracker, Range range, Asks asks) noexcept {
    Result<Mapping> memory = Mapping::create(sizeof(HotPages));
    if (!memory)
        return memory.error();
    Result<HotHistory> history = HotHistory::create(range, kernel::page_bytes());
    if (!history)
        return history.error();
    if (const Error error = tracker.claim(range))
        return error;
    auto* made = new (memory->data()) HotPages{tracker, range, asks, std::move(*history)};
    static_cast<void>(memory->release());
    return made;
}

void HotPages::destroy(HotPages* pages) noexcept {
    // In a forked child the tracker's locks may be held by nobody who is there.
    if (!pages->tracker_.in_child())
        pages->tracker_.end_claim(pages->range_);
    pages->~HotPages();
    static_cast<void>(Mapping::adopt(pages, sizeof(HotPages)));
}

// What the last round found decides how this one begins.
void HotPages::begin_call(std::uintptr_t start) noexcept {
    if (start > last_start_.exchange(start, std::memory_order_relaxed))
        return;
    const std::uint32_t round = round_.fetch_add(1, std::memory_order_relaxed) + 1;
    const HotTally last{.hot = hot_.exchange(0, std::memory_order_relaxed),
                        .cold_runs = cold_runs_.exchange(0, std::memory_order_relaxed),
                        .blocks = blocks_.exchange(0, std::memory_order_relaxed)};
    last_hot_.store(last.hot, std::memory_order_relaxed);
    // A reset of states is a second question: leaving saves that, too.
    const std::size_t affordable =
        affordable_cold_runs(last) + (asks_ == Asks::states ? 1 : 0);
    const bool leave =
        last.cold_runs <= affordable && last.hot > 0 && round % kRoundsBetweenArming != 0;
    affordable_.store(leave ? affordable : 0, std::memory_order_relaxed);
    add(unarmed_rounds_, leave ? 1 : 0);
}

Step HotPages::ask(Watched rest, bool reset, StepLimits limits,
                   std::span<Region> scratch) noexcept {
    Backend& backend = tracker_.backend();
    return asks_ == Asks::states ? backend.collect_states(rest, reset, limits, scratch)
                                 : backend.collect(rest, reset, limits, scratch);
}

Step HotPages::collect(Watched rest, bool, StepLimits limits, std::span<Region> scratch) noexcept {
    const std::uint32_t round = round_.load(std::memory_order_relaxed);
    if (affordable_.load(std::memory_order_relaxed) > 0) {
        const Step step = ask(rest, false, limits, scratch);
        if (step.error)
            return step;
        const HotTally tally = look_at(step.written, round);
        if (affords(tally.cold_runs)) {
            if (asks_ == Asks::states)
                tracker_.backend().leave_unprotected(step.written);
            arm_cold_runs(step, rest.kind, round);
            take_down(step, tally, round, true);
            return step;
        }
        kernel::forget_regions(scratch);
    }
    const Step step = ask(rest, true, limits, scratch);
    take_down(step, look_at(step.written, round), round, false);
    add(armed_, pages_in(step.written));
    return step;
}

// What is too much once ends it for the round. One is kept otherwise: the round
// stays what it is, also when the last is spent.
bool HotPages::affords(std::size_t cold_runs) noexcept {
    const std::size_t affordable = affordable_.load(std::memory_order_relaxed);
    const bool enough = cold_runs <= affordable;
    const std::size_t left = enough ? std::max<std::size_t>(affordable - cold_runs, 1) : 0;
    affordable_.store(left, std::memory_order_relaxed);
    return enough;
}

HotTally HotPages::look_at(std::span<const Region> found, std::uint32_t round) const noexcept {
    HotTally tally;
    std::uintptr_t last_block = std::numeric_limits<std::uintptr_t>::max();
    const std::size_t block_bytes = kPagesPerBlock * kernel::page_bytes();
    for_each_page(found, [&](std::uintptr_t page) {
        tally.hot += history_.is_hot(page, round) ? 1 : 0;
        tally.blocks += page / block_bytes != last_block ? 1 : 0;
        last_block = page / block_bytes;
    });
    for_each_cold_run(found, round, [&](Range) { ++tally.cold_runs; });
    return tally;
}

void HotPages::take_down(const Step& step, const HotTally& tally, std::uint32_t round,
                         bool leave) noexcept {
    std::uint64_t asked = 0;
    for_each_page(step.written, [&](std::uintptr_t page) {
        asked += history_.reported(page, round, leave) ? 1 : 0;
    });
    add(asked_, asked);
    add(unasked_, pages_in(step.written) - asked);
    hot_.fetch_add(tally.hot, std::memory_order_relaxed);
    cold_runs_.fetch_add(tally.cold_runs, std::memory_order_relaxed);
    blocks_.fetch_add(tally.blocks, std::memory_order_relaxed);
}

template<class Visit>
void HotPages::for_each_cold_run(std::span<const Region> found, std::uint32_t round,
                                 Visit visit) const noexcept {
    Range run;
    for_each_page(found, [&](std::uintptr_t page) {
        if (history_.is_hot(page, round))
            return;
        if (run.end != page) {
            if (!run.empty())
                visit(run);
            run.start = page;
        }
        run.end = page + kernel::page_bytes();
    });
    if (!run.empty())
        visit(run);
}

void HotPages::arm_cold_runs(const Step& step, MemoryKind kind, std::uint32_t round) noexcept {
    for_each_cold_run(step.written, round, [&](Range run) {
        add(armed_, run.bytes() / kernel::page_bytes());
        arm({run, kind});
    });
}

// Where the mapping has changed meanwhile a collect knows what to do. What it
// finds has been found before; what even it leaves unarmed is found again.
void HotPages::arm(Watched run) noexcept {
    if (!tracker_.backend().protect(run))
        return;
    NoAnswer nobody;
    static_cast<void>(ww::collect(tracker_.backend(), run, true, nobody));
}

HotPages::Counters HotPages::counters() const noexcept {
    const auto value = [](const auto& counter) -> std::uint64_t {
        return counter.load(std::memory_order_relaxed);
    };
    return {value(round_),   value(unarmed_rounds_), value(last_hot_), value(asked_),
            value(unasked_), value(armed_),          value(equal_)};
}

bool equals_copy(const void* page, const void* copy, std::size_t bytes) noexcept {
    using Word = std::uintptr_t;
    constexpr std::size_t kAtOnce = 8;
    auto* live = static_cast<Word*>(const_cast<void*>(page));
    const auto* kept = static_cast<const char*>(copy);
    for (std::size_t i = 0; i < bytes / sizeof(Word); i += kAtOnce) {
        Word different = 0;
        for (std::size_t j = i; j < i + kAtOnce; ++j) {
            Word word;
            std::memcpy(&word, kept + j * sizeof word, sizeof word);
            different |= std::atomic_ref{live[j]}.load(std::memory_order_relaxed) ^ word;
        }
        if (different != 0)
            return false;
    }
    return true;
}

} // namespace ww
