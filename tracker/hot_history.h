// SPDX-License-Identifier: MIT
// Which pages are hot, and whether leaving them unarmed pays. A guess by its
// nature: nothing here decides whether a page is reported, so what two threads
// make of it at once can only cost time.
#pragma once

#include "kernel/handles.h"
#include "range.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ww {

// What a round, or a part of it, found.
struct HotTally {
    std::size_t hot = 0;       // pages
    std::size_t cold_runs = 0; // longest runs of reported pages that are not hot
    std::size_t blocks = 0;    // of 512 pages, with anything in them

    void add(const HotTally& other) noexcept {
        hot += other.hot;
        cold_runs += other.cold_runs;
        blocks += other.blocks;
    }
};

// How many cold runs can be armed one by one before arming everything at once,
// and taking a fault for each hot page, is cheaper: by the costs of a process
// whose other threads sleep, and by those of one whose threads run and have to
// be interrupted, whichever allows less.
std::size_t affordable_cold_runs(const HotTally& found) noexcept;

class HotHistory {
public:
    HotHistory() noexcept = default;
    static kernel::Result<HotHistory> create(Range range, std::size_t page_bytes) noexcept;

    // Written in this many rounds, one after the other.
    static constexpr std::uint32_t kHotAfter = 4;

    // Whether the page, reported in this round, is a hot one.
    bool is_hot(std::uintptr_t page, std::uint32_t round) const noexcept {
        return streak(load(page), round) >= kHotAfter;
    }
    // Takes down that it was reported. True if it had been armed: then it was
    // written for sure. `leave` says that it stays unarmed if it is hot.
    bool reported(std::uintptr_t page, std::uint32_t round, bool leave) noexcept;
    // What reported() said of it last.
    bool was_armed(std::uintptr_t page) const noexcept {
        return (load(page) & kWasUnarmed) == 0;
    }

private:
    // The round in which it was reported last, above the length of its streak
    // and two flags. A page that was never reported has 0, as has round 0.
    using Entry = std::uint32_t;
    static constexpr Entry kUnarmed = 1;
    static constexpr Entry kWasUnarmed = 2;
    static constexpr unsigned kStreakShift = 2;
    static constexpr Entry kStreakMask = 7;
    static constexpr unsigned kRoundShift = 5;

    static Entry streak(Entry entry, std::uint32_t round) noexcept;
    std::size_t place(std::uintptr_t page) const noexcept {
        return (page - start_) >> page_shift_;
    }
    Entry load(std::uintptr_t page) const noexcept {
        return entries()[place(page)].load(std::memory_order_relaxed);
    }
    std::atomic<Entry>* entries() const noexcept {
        return static_cast<std::atomic<Entry>*>(memory_.data());
    }

    kernel::Mapping memory_;
    std::uintptr_t start_ = 0;
    unsigned page_shift_ = 0;
};

} // namespace ww
