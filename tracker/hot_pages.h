// SPDX-License-Identifier: MIT
// Collects that leave hot pages unarmed where that is cheaper. A page that is not
// armed counts as written for the kernel, so it is in the answer of the next
// collect by itself; the others that are found are armed one run at a time,
// after they were found and before anybody copies them: a write between is in
// the copy.
#pragma once

#include "backend.h"
#include "hot_history.h"
#include "kernel/memory.h"
#include "range.h"
#include "tracker.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace ww {

class HotPages {
public:
    // What is asked for: pages that were written, or those whose contents were
    // dropped, too.
    enum class Asks : bool { written, states };
    // In memory of its own.
    static kernel::Result<HotPages*> create(Tracker& tracker, Range range,
                                            Asks asks = Asks::written) noexcept;
    static void destroy(HotPages* pages) noexcept;

    Tracker& tracker() const noexcept { return tracker_; }
    bool cover(Range range) const noexcept { return range_.contains(range); }

    template<class Answer>
    Collected collect(Range range, Answer& answer) noexcept {
        begin_call(range.start);
        return tracker_.collect_from(*this, range, true, answer);
    }

    // One step, in the back end's stead.
    Step collect(Watched rest, bool reset, StepLimits limits,
                 std::span<kernel::Region> scratch) noexcept;

    // Whether a page of the last step was certainly written.
    bool certain(std::uintptr_t page) const noexcept { return history_.was_armed(page); }
    void count_equal() noexcept { add(equal_, 1); }

    struct Counters {
        std::uint64_t rounds, unarmed_rounds, hot, asked, unasked, armed, equal;
    };
    Counters counters() const noexcept;

private:
    static constexpr std::uint32_t kRoundsBetweenArming = 32;
    using Counter = std::atomic<std::uint64_t>;

    HotPages(Tracker& tracker, Range range, Asks asks, HotHistory history) noexcept
        : tracker_(tracker), range_(range), asks_(asks), history_(std::move(history)) {}

    static void add(Counter& counter, std::uint64_t more) noexcept {
        counter.fetch_add(more, std::memory_order_relaxed);
    }
    void begin_call(std::uintptr_t start) noexcept;
    Step ask(Watched rest, bool reset, StepLimits limits,
             std::span<kernel::Region> scratch) noexcept;
    bool affords(std::size_t cold_runs) noexcept;
    HotTally look_at(std::span<const kernel::Region> found, std::uint32_t round) const noexcept;
    void take_down(const Step& step, const HotTally& tally, std::uint32_t round,
                   bool leave) noexcept;
    void arm_cold_runs(const Step& step, MemoryKind kind, std::uint32_t round) noexcept;
    void arm(Watched run) noexcept;
    template<class Visit>
    void for_each_cold_run(std::span<const kernel::Region> found, std::uint32_t round,
                           Visit visit) const noexcept;

    Tracker& tracker_;
    Range range_;
    Asks asks_;
    HotHistory history_;

    std::atomic<std::uint32_t> round_{0};
    std::atomic<std::uintptr_t> last_start_{std::numeric_limits<std::uintptr_t>::max()};
    // Cold runs that this round may still arm one by one; 0: it arms everything.
    std::atomic<std::size_t> affordable_{0};
    // What this round has found so far.
    std::atomic<std::size_t> hot_{0};
    std::atomic<std::size_t> cold_runs_{0};
    std::atomic<std::size_t> blocks_{0};

    Counter unarmed_rounds_{0}, last_hot_{0}, asked_{0}, unasked_{0}, armed_{0}, equal_{0};
};

// Leaves out what was reported without knowing, and equals the caller's copy.
template<class Answer>
class DifferingAnswer {
public:
    DifferingAnswer(HotPages& pages, std::uintptr_t base, const void* shadow,
                    Answer& answer) noexcept
        : pages_(pages), base_(base), shadow_(static_cast<const char*>(shadow)), answer_(answer) {}

    Range fitting(Range range) const noexcept { return answer_.fitting(range); }
    static void use_pages_of(std::size_t) noexcept {} // always the system's
    std::size_t region_room() const noexcept { return answer_.region_room(); }
    // Equal pages may stand between any two.
    std::size_t page_room() const noexcept {
        return std::min(answer_.page_room(), answer_.region_room());
    }
    std::size_t count() const noexcept { return answer_.count(); }

    void take(Range found) noexcept {
        std::uintptr_t start = found.start;
        for (std::uintptr_t page = found.start; page < found.end; page += page_bytes_) {
            if (pages_.certain(page) || !is_equal(page))
                continue;
            pages_.count_equal();
            if (start < page)
                answer_.take({start, page});
            start = page + page_bytes_;
        }
        if (start < found.end)
            answer_.take({start, found.end});
    }

private:
    bool is_equal(std::uintptr_t page) const noexcept;

    HotPages& pages_;
    std::uintptr_t base_;
    const char* shadow_;
    Answer& answer_;
    std::size_t page_bytes_ = kernel::page_bytes();
};

// Whether two pages have the same contents; others may store in the first
// meanwhile.
bool equals_copy(const void* page, const void* copy, std::size_t bytes) noexcept;

template<class Answer>
bool DifferingAnswer<Answer>::is_equal(std::uintptr_t page) const noexcept {
    return equals_copy(reinterpret_cast<const void*>(page), shadow_ + (page - base_), page_bytes_);
}

} // namespace ww
