// SPDX-License-Identifier: MIT
#include "counters.h"

#include "kernel/memory.h"

namespace ww {

namespace {

// Tells readers that the table is not what it was, and not yet what it will be.
// What is stored meanwhile is released, each: who sees it sees that it changes.
class Changed {
public:
    explicit Changed(counters::Header& header) noexcept : changes_(header.changes) {
        changes_.store(changes_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    ~Changed() {
        changes_.store(changes_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    Changed(const Changed&) = delete;
    Changed& operator=(const Changed&) = delete;

private:
    std::atomic<std::uint32_t>& changes_;
};

void move(counters::Count& from, counters::Count& to) noexcept {
    if (from.load(std::memory_order_relaxed) != 0)
        to.fetch_add(from.exchange(0, std::memory_order_release), std::memory_order_release);
}

void move_counts(counters::Watch& from, counters::Watch& to) noexcept {
    move(from.looks, to.looks);
    move(from.resets, to.resets);
    move(from.bytes_seen, to.bytes_seen);
    move(from.bytes_reset, to.bytes_reset);
    move(from.query_ns, to.query_ns);
}

} // namespace

void Counters::make(std::uint32_t backend) noexcept {
    if (opened_.exchange(1, std::memory_order_relaxed) != 0)
        return;
    kernel::Result<kernel::CountersFile> file = kernel::CountersFile::create();
    if (!file)
        return;
    file_ = std::move(*file);
    file_.table()->header.backend = backend;
    table_.store(file_.table(), std::memory_order_release);
}

// Each turn counts once, in whatever order two threads come here: in the end it
// is odd, or not, as it should be.
void Counters::count_turn(counters::Watch& counts, bool live) const noexcept {
    counters::Table& table = *table_.load(std::memory_order_acquire);
    if (&counts != &table.watches[counters::kUntabled])
        counts.turns.fetch_add(1, std::memory_order_release);
    else
        table.header.untabled.fetch_add(live ? 1 : ~std::uint64_t{0}, std::memory_order_relaxed);
}

counters::Watch* Counters::take_place(counters::Table& table) noexcept {
    for (std::size_t word = 0; word < taken_.size(); ++word) {
        const auto bit = static_cast<std::size_t>(std::countr_one(taken_[word]));
        const std::size_t place = counters::kFirstPlace + word * kWordBits + bit;
        if (bit < kWordBits && place < counters::kPlaces) {
            taken_[word] |= std::uint64_t{1} << bit;
            return &table.watches[place];
        }
    }
    return &table.watches[counters::kUntabled];
}

counters::Watch* Counters::begin(Watched watched) noexcept {
    counters::Table* table = table_.load(std::memory_order_acquire);
    if (table == nullptr)
        return nullptr;
    const Changed changed{table->header};
    counters::Watch* counts = take_place(*table);
    if (counts != &table->watches[counters::kUntabled]) {
        const std::size_t page = granularity(watched.kind, kernel::page_bytes());
        counts->page_bytes.store(static_cast<std::uint32_t>(page), std::memory_order_release);
        counts->start.store(watched.range.start, std::memory_order_release);
        counts->bytes.store(watched.range.bytes(), std::memory_order_release);
    }
    table->header.begun.fetch_add(1, std::memory_order_relaxed);
    count_turn(*counts, true);
    return counts;
}

void Counters::end(counters::Watch* counts, bool live) noexcept {
    if (counts == nullptr)
        return;
    counters::Table& table = *table_.load(std::memory_order_acquire);
    const Changed changed{table.header};
    if (live)
        count_turn(*counts, false);
    const auto place = static_cast<std::size_t>(counts - table.watches);
    if (place < counters::kFirstPlace)
        return;
    move_counts(*counts, table.watches[counters::kEnded]);
    const std::size_t bit = place - counters::kFirstPlace;
    taken_[bit / kWordBits] &= ~(std::uint64_t{1} << bit % kWordBits);
}

} // namespace ww
