// SPDX-License-Identifier: MIT
// The C functions that ask several ranges in one call.
#include "api.h"
#include "collect_many.h"

#include <span>

using ww::impl;
using ww::kernel::Error;
using ww::kernel::KeepErrno;
using ww::kernel::page_bytes;

namespace {

// Valid, ascending, and not one over the other.
Error check(const ww::Tracker& tracker, std::span<const ww_range> asked, unsigned flags,
            unsigned known_flags) noexcept {
    std::uintptr_t end = 0;
    for (const ww_range& range : asked) {
        if (const Error error = ww::check(tracker, range.base, range.bytes, flags, known_flags))
            return error;
        const ww::Range now = ww::range_of(range.base, range.bytes);
        if (now.start < end)
            return Error::invalid;
        end = now.end;
    }
    if (tracker.in_child())
        return Error::forked;
    return (flags & ~known_flags) == 0 ? Error::none : Error::invalid;
}

// Where to begin: an address of the last call, or the first of all.
ww::kernel::Result<std::uintptr_t> start_of(std::span<const ww_range> asked,
                                            const void* from) noexcept {
    if (from == nullptr)
        return reinterpret_cast<std::uintptr_t>(asked.front().base);
    const auto start = reinterpret_cast<std::uintptr_t>(from);
    const ww_range& last = asked.back();
    const bool valid = ww::is_aligned(start, page_bytes()) &&
                       start < ww::range_of(last.base, last.bytes).end;
    return valid ? ww::kernel::Result<std::uintptr_t>{start} : Error::invalid;
}

template<class Answer>
std::ptrdiff_t collect(ww_tracker* tracker, const ww_range* asked, std::size_t asked_count,
                       const void* from, unsigned flags, Answer answer, void** resume) noexcept {
    const KeepErrno keep;
    const std::span ranges{asked, asked_count};
    if (const Error error = check(*impl(tracker), ranges, flags, WW_RESET | WW_UNCHANGED))
        return -error.code();
    if (ranges.empty()) {
        if (resume != nullptr)
            *resume = nullptr;
        return 0;
    }
    const ww::kernel::Result<std::uintptr_t> start = start_of(ranges, from);
    if (!start)
        return -start.error().code();
    const auto range_at = [ranges](std::size_t i) {
        return ww::range_of(ranges[i].base, ranges[i].bytes);
    };
    ww::ManyCollect collecting{*impl(tracker), (flags & WW_RESET) != 0,
                               (flags & WW_UNCHANGED) != 0};
    ww::Collected done = collecting.run(ranges.size(), range_at, *start, answer);
    if (!done.error && done.resume == range_at(ranges.size() - 1).end)
        done.resume = 0;
    return ww::outcome(done, answer, resume);
}

} // namespace

extern "C" {

std::ptrdiff_t ww_collect_pages_many(ww_tracker* tracker, const ww_range* asked,
                                     std::size_t asked_count, const void* from, unsigned flags,
                                     void** pages, std::size_t page_capacity,
                                     void** resume) noexcept {
    return collect(tracker, asked, asked_count, from, flags,
                   ww::AddressAnswer{pages, page_capacity, page_bytes()}, resume);
}

std::ptrdiff_t ww_collect_ranges_many(ww_tracker* tracker, const ww_range* asked,
                                      std::size_t asked_count, const void* from, unsigned flags,
                                      ww_range* ranges, std::size_t range_capacity,
                                      void** resume) noexcept {
    return collect(tracker, asked, asked_count, from, flags,
                   ww::RangeAnswer{ranges, range_capacity}, resume);
}

std::ptrdiff_t ww_count_written_many(ww_tracker* tracker, const ww_range* asked,
                                     std::size_t asked_count, const void* from, unsigned flags,
                                     std::size_t page_limit, void** resume) noexcept {
    return collect(tracker, asked, asked_count, from, flags,
                   ww::CountAnswer{page_limit, page_bytes()}, resume);
}

int ww_any_written_many(ww_tracker* tracker, const ww_range* asked,
                        std::size_t asked_count) noexcept {
    return static_cast<int>(
        ww_count_written_many(tracker, asked, asked_count, nullptr, 0, 1, nullptr));
}

} // extern "C"
