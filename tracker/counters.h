// SPDX-License-Identifier: MIT
// What the tracker counts about itself, where others can read it. Counting is
// no reason to fail, to wait, or to be slow: without memory nothing is counted.
#pragma once

#include "counters_format.h"
#include "kernel/clock.h"
#include "kernel/counters_file.h"
#include "memory_kind.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ww {

class Counters {
public:
    Counters() noexcept = default;
    Counters(const Counters&) = delete;
    Counters& operator=(const Counters&) = delete;

    // Makes the memory, the first time. Any thread; who comes while another is
    // about it does without.
    void open(std::uint32_t backend) noexcept {
        if (opened_.load(std::memory_order_relaxed) == 0)
            make(backend);
    }

    // nullptr without memory.
    counters::Header* header() const noexcept {
        counters::Table* table = table_.load(std::memory_order_acquire);
        return table != nullptr ? &table->header : nullptr;
    }

    // A watch that ends for now, or is taken back. Any thread, any order.
    void turn(counters::Watch* counts, bool live) const noexcept {
        if (counts != nullptr)
            count_turn(*counts, live);
    }

    // The rest is for the holder of the change lock.

    // Gives where the watch is counted; nullptr without memory.
    counters::Watch* begin(Watched watched) noexcept;
    // `live`: it was not turned off before.
    void end(counters::Watch* counts, bool live) noexcept;

private:
    static constexpr std::size_t kWordBits = 64;

    void make(std::uint32_t backend) noexcept;
    void count_turn(counters::Watch& counts, bool live) const noexcept;
    counters::Watch* take_place(counters::Table& table) noexcept;

    std::atomic<std::uint32_t> opened_{0};
    std::atomic<counters::Table*> table_{nullptr};
    kernel::CountersFile file_;
    std::array<std::uint64_t, (counters::kPlaces + kWordBits - 1) / kWordBits> taken_{};
};

// One query. What it costs is a count, and a look at the clock where that is
// little beside the query, or seldom enough.
class Counting {
public:
    Counting(counters::Watch* counts, std::size_t bytes, bool reset) noexcept
        : counts_(counts), reset_(reset) {
        if (counts == nullptr)
            return;
        const std::uint64_t before =
            (reset ? counts->resets : counts->looks).fetch_add(1, std::memory_order_relaxed);
        weight_ = weight(before, bytes);
        if (weight_ != 0)
            started_ns_ = kernel::now_ns();
    }

    bool is_timed() const noexcept { return weight_ != 0; }

    void found(std::size_t bytes) noexcept {
        if (counts_ == nullptr)
            return;
        if (bytes != 0)
            (reset_ ? counts_->bytes_reset : counts_->bytes_seen)
                .fetch_add(bytes, std::memory_order_relaxed);
        if (weight_ != 0)
            counts_->query_ns.fetch_add(weighed(kernel::now_ns() - started_ns_, weight_),
                                        std::memory_order_relaxed);
    }

    // A small query that took so long was stopped, or had no processor: it stands
    // for itself alone.
    static constexpr std::uint64_t weighed(std::uint64_t ns, std::uint64_t weight) noexcept {
        constexpr std::uint64_t kLong = 1'000'000;
        return ns < kLong ? ns * weight : ns;
    }

    // For how many queries one stands.
    static constexpr std::uint64_t weight(std::uint64_t before, std::size_t bytes) noexcept {
        constexpr std::size_t kLarge = std::size_t{16} << 20; // 3 microseconds and more
        constexpr std::uint64_t kEach = 64;
        if (bytes >= kLarge || before < kEach)
            return 1;
        return before % kEach == 0 ? kEach : 0;
    }

private:
    counters::Watch* counts_;
    std::uint64_t weight_ = 0;
    std::uint64_t started_ns_ = 0;
    bool reset_;
};

} // namespace ww
