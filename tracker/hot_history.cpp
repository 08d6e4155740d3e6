// SPDX-License-Identifier: MIT
#include "hot_history.h"

#include <algorithm>
#include <bit>

namespace ww {

using kernel::Mapping;
using kernel::Result;

// Measured, in units of 50 nanoseconds: what a write fault of a hot page and
// its share of the scan cost; protecting one run, alone and with interrupts to
// running threads; the interrupt for each block when everything is armed.
std::size_t affordable_cold_runs(const HotTally& found) noexcept {
    constexpr std::size_t kFault = 13;
    constexpr std::size_t kRun = 20;
    constexpr std::size_t kRunInterrupting = 400;
    constexpr std::size_t kBlockInterrupt = 340;
    const std::size_t asleep = kFault * found.hot / kRun;
    const std::size_t running =
        (kFault * found.hot + kBlockInterrupt * found.blocks) / kRunInterrupting;
    return std::min(asleep, running);
}

Result<HotHistory> HotHistory::create(Range range, std::size_t page_bytes) noexcept {
    Result<Mapping> memory = Mapping::create(range.bytes() / page_bytes * sizeof(Entry));
    if (!memory)
        return memory.error();
    HotHistory history;
    history.memory_ = std::move(*memory);
    history.start_ = range.start;
    history.page_shift_ = static_cast<unsigned>(std::countr_zero(page_bytes));
    return history;
}

// With this round in it. A second report in one round counts once.
HotHistory::Entry HotHistory::streak(Entry entry, std::uint32_t round) noexcept {
    const Entry before = entry >> kStreakShift & kStreakMask;
    const std::uint32_t last = entry >> kRoundShift;
    const auto is = [last](std::uint32_t other) { return other << kRoundShift >> kRoundShift == last; };
    if (is(round))
        return std::max(before, Entry{1});
    return is(round - 1) ? std::min(before + 1, kHotAfter) : 1;
}

bool HotHistory::reported(std::uintptr_t page, std::uint32_t round, bool leave) noexcept {
    std::atomic<Entry>& entry = entries()[place(page)];
    const Entry before = entry.load(std::memory_order_relaxed);
    const Entry length = streak(before, round);
    const bool was_unarmed = (before & kUnarmed) != 0;
    const Entry flags = (leave && length >= kHotAfter ? kUnarmed : 0) |
                        (was_unarmed ? kWasUnarmed : 0);
    entry.store(round << kRoundShift | length << kStreakShift | flags, std::memory_order_relaxed);
    return !was_unarmed;
}

} // namespace ww
