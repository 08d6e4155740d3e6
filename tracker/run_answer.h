// SPDX-License-Identifier: MIT
// Coalesced ranges of pages, each with its state.
#pragma once

#include "answer.h"
#include "backend.h"
#include "page_state.h"
#include "range.h"

#include <cstddef>
#include <span>

namespace ww {

// `Out` has a base, a size and a state.
template<class Out>
class RunAnswer : public AnyPlace {
public:
    RunAnswer(Out* out, std::size_t capacity) noexcept : out_(out), capacity_(capacity) {}

    std::size_t region_room() const noexcept { return capacity_ - count_; }
    std::size_t page_room() const noexcept { return count_ < capacity_ ? kNoLimit : 0; }
    std::size_t count() const noexcept { return count_; }

    void take(Range pages, PageState state) noexcept {
        const auto label = static_cast<unsigned>(state);
        if (count_ > 0 && pages.start == last_end_ && out_[count_ - 1].state == label)
            out_[count_ - 1].bytes += pages.bytes();
        else
            out_[count_++] = {reinterpret_cast<void*>(pages.start), pages.bytes(), label};
        last_end_ = pages.end;
    }

private:
    Out* out_;
    std::size_t capacity_;
    std::size_t count_ = 0;
    std::uintptr_t last_end_ = 0;
};

// Asks a back end for states, and hands them over itself: steps know of written
// pages only.
template<class Out>
class StateSource {
public:
    StateSource(Backend& backend, RunAnswer<Out>& answer) noexcept
        : backend_(backend), answer_(answer) {}

    Step collect(Watched rest, bool reset, StepLimits limits,
                 std::span<kernel::Region> scratch) noexcept {
        const Step step = backend_.collect_states(rest, reset, limits, scratch);
        for (const kernel::Region& region : step.written)
            answer_.take({static_cast<std::uintptr_t>(region.start),
                          static_cast<std::uintptr_t>(region.end)},
                         static_cast<PageState>(region.categories));
        return step;
    }

private:
    Backend& backend_;
    RunAnswer<Out>& answer_;
};

// What the collector asks, while the source fills the answer.
template<class Out>
class StateRoom : public AnyPlace {
public:
    explicit StateRoom(const RunAnswer<Out>& answer) noexcept : answer_(answer) {}
    std::size_t region_room() const noexcept { return answer_.region_room(); }
    std::size_t page_room() const noexcept { return answer_.page_room(); }
    static void take(Range) noexcept {}

private:
    const RunAnswer<Out>& answer_;
};

} // namespace ww
