// SPDX-License-Identifier: MIT
// A collect of several ranges in ascending order. Most of many small ranges are
// clean as a rule: one look without a reset over some of them together finds
// out which have to be asked, each by itself. Only what was asked for is ever
// reset; memory between the ranges may be tracked by others.
#pragma once

#include "survey.h"
#include "tracker.h"

#include <algorithm>
#include <array>
#include <bit>

namespace ww {

class ManyCollect {
public:
    // `unchanged`: nothing was mapped over the ranges without a word.
    ManyCollect(Tracker& tracker, bool reset, bool unchanged) noexcept
        : tracker_(tracker), reset_(reset), unchanged_(unchanged) {}

    // `range_at(i)` gives range i of `count`. Begins at `from`, behind which at
    // least one of them ends.
    template<class RangeAt, class Answer>
    Collected run(std::size_t count, RangeAt range_at, std::uintptr_t from,
                  Answer& answer) noexcept {
        tracker_.count_many();
        std::size_t next = 0;
        while (range_at(next).end <= from)
            ++next;
        Collected done{from, kernel::Error::none};
        while (next < count) {
            const auto rest = [&](std::size_t i) {
                const Range range = range_at(next + i);
                return Range{std::max(range.start, from), range.end};
            };
            if (const kernel::Error error = gather(count - next, rest))
                return {rest(0).start, error};
            done = collect_group(answer);
            if (done.error || done.resume < group().back().range.end)
                break;
            next += size_;
        }
        return done;
    }

private:
    std::span<const Watched> group() const noexcept { return std::span{group_}.first(size_); }

    // As many as are looked at together. Fails only if that is none.
    template<class Rest>
    kernel::Error gather(std::size_t most, Rest rest) noexcept {
        for (size_ = 0; size_ < std::min(most, group_.size()); ++size_) {
            const kernel::Result<Watched> part = tracker_.collectable(rest(size_), reset_);
            if (!part)
                return size_ == 0 ? part.error() : kernel::Error::none;
            group_[size_] = *part;
        }
        return kernel::Error::none;
    }

    // Where most were written lately the look is not worth it, for a while.
    std::uint64_t open_parts() noexcept {
        constexpr unsigned kGroupsUnlooked = 7;
        if (unlooked_ > 0) {
            --unlooked_;
            return ~std::uint64_t{0};
        }
        pacer_.before_scan();
        const std::uint64_t open = tracker_.backend().open_parts(group(), unchanged_);
        if (static_cast<std::size_t>(std::popcount(open)) > size_ / 2)
            unlooked_ = kGroupsUnlooked;
        return open;
    }

    template<class Answer>
    Collected collect_group(Answer& answer) noexcept {
        const std::uint64_t open = open_parts();
        for (std::size_t i = 0; i < size_; ++i) {
            if ((open >> i & 1) == 0)
                continue;
            pacer_.before_scan();
            answer.use_pages_of(granularity(group_[i].kind, kernel::page_bytes()));
            const Collected done = tracker_.collect_counted(
                tracker_.backend(), group_[i], tracker_.counts_of(group_[i].range), reset_, answer);
            if (done.error || done.resume < group_[i].range.end)
                return done;
        }
        return {group().back().range.end, kernel::Error::none};
    }

    Tracker& tracker_;
    bool reset_;
    bool unchanged_;
    kernel::Pacer pacer_;
    unsigned unlooked_ = 0;
    std::size_t size_ = 0;
    std::array<Watched, Survey::kMostParts> group_;
};

} // namespace ww
