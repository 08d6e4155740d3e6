// SPDX-License-Identifier: MIT
// The C functions of generations.h: checks of the arguments, and nothing else.
#include "writewatch/generations.h"

#include "api.h"
#include "generations.h"

using ww::check;
using ww::Generations;
using ww::impl;
using ww::outcome;
using ww::range_of;
using ww::kernel::Error;
using ww::kernel::KeepErrno;
using ww::kernel::page_bytes;
using ww::kernel::Result;

namespace {

Generations* impl(ww_generations* generations) noexcept {
    return reinterpret_cast<Generations*>(generations);
}
const Generations* impl(const ww_generations* generations) noexcept {
    return reinterpret_cast<const Generations*>(generations);
}

Error check_covered(const Generations& generations, const void* base, std::size_t bytes) noexcept {
    if (const Error error = check(generations.tracker(), base, bytes))
        return error;
    return generations.cover(range_of(base, bytes)) ? Error::none : Error::not_found;
}

template<class Answer>
std::ptrdiff_t collect_since(const ww_generations* generations, const void* base,
                             std::size_t bytes, std::uint64_t mark, Answer answer,
                             void** resume) noexcept {
    if (const Error error = check_covered(*impl(generations), base, bytes))
        return -error.code();
    const ww::Collected done =
        impl(generations)->collect_since(range_of(base, bytes), mark, answer);
    return outcome(done, answer, resume);
}

} // namespace

extern "C" {

int ww_generations_create(ww_tracker* tracker, const void* base, std::size_t bytes,
                          ww_generations** generations) noexcept {
    const KeepErrno keep;
    if (const Error error = check(*impl(tracker), base, bytes))
        return -error.code();
    const Result<Generations*> created =
        Generations::create(*impl(tracker), range_of(base, bytes));
    if (!created)
        return -created.error().code();
    *generations = reinterpret_cast<ww_generations*>(*created);
    return 0;
}

void ww_generations_destroy(ww_generations* generations) noexcept {
    const KeepErrno keep;
    if (generations != nullptr)
        Generations::destroy(impl(generations));
}

int ww_generations_advance(ww_generations* generations, const void* base, std::size_t bytes,
                           std::uint64_t* mark) noexcept {
    const KeepErrno keep;
    if (const Error error = check_covered(*impl(generations), base, bytes))
        return -error.code();
    const Result<std::uint64_t> current = impl(generations)->advance(range_of(base, bytes));
    if (!current)
        return -current.error().code();
    *mark = *current;
    return 0;
}

std::ptrdiff_t ww_collect_pages_since(const ww_generations* generations, const void* base,
                                      std::size_t bytes, std::uint64_t mark, void** pages,
                                      std::size_t page_capacity, void** resume) noexcept {
    const ww::AddressAnswer answer{pages, page_capacity, page_bytes()};
    return collect_since(generations, base, bytes, mark, answer, resume);
}

std::ptrdiff_t ww_collect_ranges_since(const ww_generations* generations, const void* base,
                                       std::size_t bytes, std::uint64_t mark, ww_range* ranges,
                                       std::size_t range_capacity, void** resume) noexcept {
    const ww::RangeAnswer answer{ranges, range_capacity};
    return collect_since(generations, base, bytes, mark, answer, resume);
}

std::ptrdiff_t ww_collect_bitmap_since(const ww_generations* generations, const void* base,
                                       std::size_t bytes, std::uint64_t mark, std::uint64_t* words,
                                       std::size_t word_count, void** resume) noexcept {
    const ww::BitmapAnswer answer{words, word_count, reinterpret_cast<std::uintptr_t>(base),
                                  page_bytes()};
    return collect_since(generations, base, bytes, mark, answer, resume);
}

std::ptrdiff_t ww_count_written_since(const ww_generations* generations, const void* base,
                                      std::size_t bytes, std::uint64_t mark,
                                      std::size_t page_limit, void** resume) noexcept {
    const ww::CountAnswer answer{page_limit, page_bytes()};
    return collect_since(generations, base, bytes, mark, answer, resume);
}

int ww_any_written_since(const ww_generations* generations, const void* base, std::size_t bytes,
                         std::uint64_t mark) noexcept {
    return static_cast<int>(
        ww_count_written_since(generations, base, bytes, mark, 1, nullptr));
}

} // extern "C"
