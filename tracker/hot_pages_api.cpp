// SPDX-License-Identifier: MIT
// The C functions of hot_pages.h: checks of the arguments, and nothing else.
#include "writewatch/hot_pages.h"

#include "api.h"
#include "hot_pages.h"


using ww::check;
using ww::HotPages;
using ww::impl;
using ww::outcome;
using ww::range_of;
using ww::kernel::Error;
using ww::kernel::KeepErrno;
using ww::kernel::page_bytes;
using ww::kernel::Result;

namespace {

HotPages* impl(ww_hot_pages* hot) noexcept {
    return reinterpret_cast<HotPages*>(hot);
}
const HotPages* impl(const ww_hot_pages* hot) noexcept {
    return reinterpret_cast<const HotPages*>(hot);
}

template<class Answer>
std::ptrdiff_t collect(ww_hot_pages* hot, const void* base, std::size_t bytes, const void* shadow,
                       Answer answer, void** resume) noexcept {
    const KeepErrno keep;
    HotPages& pages = *impl(hot);
    if (const Error error = check(pages.tracker(), base, bytes))
        return -error.code();
    const ww::Range range = range_of(base, bytes);
    if (!pages.cover(range))
        return -Error::not_found.code();
    if (shadow == nullptr)
        return outcome(pages.collect(range, answer), answer, resume);
    ww::DifferingAnswer differing{pages, range.start, shadow, answer};
    const ww::Collected done = pages.collect(range, differing);
    return outcome(done, answer, resume);
}

} // namespace

extern "C" {

int ww_hot_create(ww_tracker* tracker, const void* base, std::size_t bytes,
                  ww_hot_pages** hot) noexcept {
    const KeepErrno keep;
    if (const Error error = check(*impl(tracker), base, bytes))
        return -error.code();
    const Result<HotPages*> created = HotPages::create(*impl(tracker), range_of(base, bytes));
    if (!created)
        return -created.error().code();
    *hot = reinterpret_cast<ww_hot_pages*>(*created);
    return 0;
}

void ww_hot_destroy(ww_hot_pages* hot) noexcept {
    const KeepErrno keep;
    if (hot != nullptr)
        HotPages::destroy(impl(hot));
}

std::ptrdiff_t ww_hot_collect_ranges(ww_hot_pages* hot, const void* base, std::size_t bytes,
                                     const void* shadow, ww_range* ranges,
                                     std::size_t range_capacity, void** resume) noexcept {
    return collect(hot, base, bytes, shadow, ww::RangeAnswer{ranges, range_capacity}, resume);
}

std::ptrdiff_t ww_hot_collect_pages(ww_hot_pages* hot, const void* base, std::size_t bytes,
                                    const void* shadow, void** pages, std::size_t page_capacity,
                                    void** resume) noexcept {
    const ww::AddressAnswer answer{pages, page_capacity, page_bytes()};
    return collect(hot, base, bytes, shadow, answer, resume);
}

std::ptrdiff_t ww_hot_collect_bitmap(ww_hot_pages* hot, const void* base, std::size_t bytes,
                                     const void* shadow, std::uint64_t* words,
                                     std::size_t word_count, void** resume) noexcept {
    const ww::BitmapAnswer answer{words, word_count, reinterpret_cast<std::uintptr_t>(base),
                                  page_bytes()};
    return collect(hot, base, bytes, shadow, answer, resume);
}

void ww_hot_counters_get(const ww_hot_pages* hot, ww_hot_counters* counters,
                         std::size_t counters_bytes) noexcept {
    const HotPages::Counters now = impl(hot)->counters();
    const ww_hot_counters known{.rounds = now.rounds,
                                .unarmed_rounds = now.unarmed_rounds,
                                .hot = now.hot,
                                .asked = now.asked,
                                .unasked = now.unasked,
                                .armed = now.armed,
                                .equal = now.equal};
    ww::give(known, counters, counters_bytes);
}

} // extern "C"
