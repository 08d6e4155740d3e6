// SPDX-License-Identifier: MIT
// Several readers of the same pages. One place resets: it stamps what it finds
// with the number of a new generation, and each reader asks for what is newer
// than the number that it kept. Pages are those of a range of addresses, or of
// an object that is mapped in several places.
#pragma once

#include "kernel/change_lock.h"
#include "kernel/memory.h"
#include "range.h"
#include "stamps.h"
#include "tracker.h"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace ww {

// An answer that stamps what it is given.
class StampingAnswer : public AnyPlace {
public:
    // Page 0 of the stamps is at `origin`, which need not be a place of memory.
    StampingAnswer(Stamps& stamps, std::uintptr_t origin, std::uint64_t generation) noexcept
        : stamps_(stamps), origin_(origin), generation_(generation) {}

    static std::size_t region_room() noexcept { return kNoLimit; }
    static std::size_t page_room() noexcept { return kNoLimit; }
    void take(Range written) noexcept {
        const std::size_t page_bytes = kernel::page_bytes();
        stamps_.stamp((written.start - origin_) / page_bytes, (written.end - origin_) / page_bytes,
                      generation_);
    }

private:
    Stamps& stamps_;
    std::uintptr_t origin_;
    std::uint64_t generation_;
};

// Answers from the stamps what is newer than the mark, in a range whose page 0
// is at `origin`.
template<class Answer>
Collected collect_since(const Stamps& stamps, std::uintptr_t origin, Range range,
                        std::uint64_t mark, Answer& answer) noexcept {
    const std::size_t page_bytes = kernel::page_bytes();
    const Range wanted = answer.fitting(range);
    const std::size_t end = (wanted.end - origin) / page_bytes;
    std::size_t page = (wanted.start - origin) / page_bytes;
    while (page < end && answer.page_room() > 0) {
        const std::size_t first = stamps.first_newer(page, end, mark);
        const std::size_t most = std::min(answer.page_room(), end - first);
        page = stamps.first_not_newer(first, first + most, mark);
        if (first < page)
            answer.take({origin + first * page_bytes, origin + page * page_bytes});
    }
    return {origin + page * page_bytes, kernel::Error::none};
}

class Generations {
public:
    // In memory of its own.
    static kernel::Result<Generations*> create(Tracker& tracker, Range range) noexcept;
    static void destroy(Generations* generations) noexcept;

    const Tracker& tracker() const noexcept { return tracker_; }
    bool cover(Range range) const noexcept { return range_.contains(range); }

    kernel::Result<std::uint64_t> advance(Range range) noexcept;

    // The range is covered.
    template<class Answer>
    Collected collect_since(Range range, std::uint64_t mark, Answer& answer) const noexcept {
        return ww::collect_since(stamps_, range_.start, range, mark, answer);
    }

private:
    Generations(Tracker& tracker, Range range, Stamps stamps) noexcept
        : tracker_(tracker), range_(range), stamps_(std::move(stamps)) {}

    Tracker& tracker_;
    Range range_;
    Stamps stamps_;
    // A generation is whole before the next begins: who is given its number
    // can see all that was taken before.
    kernel::ChangeLock lock_;
    std::uint64_t current_ = 0;
};

} // namespace ww
