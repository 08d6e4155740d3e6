// SPDX-License-Identifier: MIT
// The C functions of aliases.h: checks of the arguments, and nothing else.
#include "writewatch/aliases.h"

#include "aliases.h"
#include "api.h"

using ww::Aliases;
using ww::check;
using ww::Collected;
using ww::impl;
using ww::Range;
using ww::range_of;
using ww::kernel::Error;
using ww::kernel::KeepErrno;
using ww::kernel::page_bytes;
using ww::kernel::Result;

namespace {

Aliases* impl(ww_aliases* aliases) noexcept {
    return reinterpret_cast<Aliases*>(aliases);
}
const Aliases* impl(const ww_aliases* aliases) noexcept {
    return reinterpret_cast<const Aliases*>(aliases);
}

const void* as_address(std::size_t offset) noexcept {
    return reinterpret_cast<const void*>(offset);
}

Error check_offsets(const Aliases& aliases, std::size_t offset, std::size_t bytes) noexcept {
    if (const Error error = check(aliases.tracker(), as_address(offset), bytes))
        return error;
    return aliases.cover({offset, offset + bytes}) ? Error::none : Error::not_found;
}

template<class Answer>
std::ptrdiff_t collect_since(const ww_aliases* aliases, std::size_t offset, std::size_t bytes,
                             std::uint64_t mark, Answer answer, std::size_t* resume) noexcept {
    if (const Error error = check_offsets(*impl(aliases), offset, bytes))
        return -error.code();
    const Collected done =
        impl(aliases)->collect_since({offset, offset + bytes}, mark, answer);
    if (resume != nullptr)
        *resume = done.resume;
    return static_cast<std::ptrdiff_t>(answer.count());
}

template<class Answer>
std::ptrdiff_t collect_view_since(const ww_aliases* aliases, const void* base, std::size_t bytes,
                                  std::uint64_t mark, Answer answer, void** resume) noexcept {
    const KeepErrno keep;
    if (const Error error = check(impl(aliases)->tracker(), base, bytes))
        return -error.code();
    const Collected done =
        impl(aliases)->collect_view_since(range_of(base, bytes), mark, answer);
    return ww::outcome(done, answer, resume);
}

int remove(ww_aliases* aliases, void* base, std::size_t bytes, Aliases::Memory memory) noexcept {
    const KeepErrno keep;
    if (const Error error = check(impl(aliases)->tracker(), base, bytes))
        return -error.code();
    return -impl(aliases)->remove(range_of(base, bytes), memory).code();
}

} // namespace

extern "C" {

int ww_aliases_create(ww_tracker* tracker, std::size_t object_bytes,
                      ww_aliases** aliases) noexcept {
    const KeepErrno keep;
    if (const Error error = check(*impl(tracker), nullptr, object_bytes))
        return -error.code();
    const Result<Aliases*> created = Aliases::create(*impl(tracker), object_bytes);
    if (!created)
        return -created.error().code();
    *aliases = reinterpret_cast<ww_aliases*>(*created);
    return 0;
}

void ww_aliases_destroy(ww_aliases* aliases) noexcept {
    const KeepErrno keep;
    if (aliases != nullptr)
        Aliases::destroy(impl(aliases));
}

int ww_aliases_add(ww_aliases* aliases, void* base, std::size_t bytes) noexcept {
    const KeepErrno keep;
    if (const Error error = check(impl(aliases)->tracker(), base, bytes))
        return -error.code();
    return -impl(aliases)->add(range_of(base, bytes)).code();
}

int ww_aliases_remove(ww_aliases* aliases, void* base, std::size_t bytes) noexcept {
    return remove(aliases, base, bytes, Aliases::Memory::stays);
}

int ww_aliases_forget(ww_aliases* aliases, void* base, std::size_t bytes) noexcept {
    return remove(aliases, base, bytes, Aliases::Memory::goes);
}

int ww_aliases_advance(ww_aliases* aliases, std::size_t offset, std::size_t bytes,
                       std::uint64_t* mark) noexcept {
    const KeepErrno keep;
    if (const Error error = check_offsets(*impl(aliases), offset, bytes))
        return -error.code();
    const Result<std::uint64_t> current = impl(aliases)->advance({offset, offset + bytes});
    if (!current)
        return -current.error().code();
    *mark = *current;
    return 0;
}

std::ptrdiff_t ww_aliases_ranges_since(const ww_aliases* aliases, std::size_t offset,
                                       std::size_t bytes, std::uint64_t mark,
                                       ww_object_range* ranges, std::size_t range_capacity,
                                       std::size_t* resume) noexcept {
    const ww::RangeAnswer answer{ranges, range_capacity};
    return collect_since(aliases, offset, bytes, mark, answer, resume);
}

std::ptrdiff_t ww_aliases_bitmap_since(const ww_aliases* aliases, std::size_t offset,
                                       std::size_t bytes, std::uint64_t mark, std::uint64_t* words,
                                       std::size_t word_count, std::size_t* resume) noexcept {
    const ww::BitmapAnswer answer{words, word_count, offset, page_bytes()};
    return collect_since(aliases, offset, bytes, mark, answer, resume);
}

std::ptrdiff_t ww_aliases_count_since(const ww_aliases* aliases, std::size_t offset,
                                      std::size_t bytes, std::uint64_t mark,
                                      std::size_t page_limit, std::size_t* resume) noexcept {
    const ww::CountAnswer answer{page_limit, page_bytes()};
    return collect_since(aliases, offset, bytes, mark, answer, resume);
}

std::ptrdiff_t ww_aliases_view_pages_since(const ww_aliases* aliases, const void* base,
                                           std::size_t bytes, std::uint64_t mark, void** pages,
                                           std::size_t page_capacity, void** resume) noexcept {
    const ww::AddressAnswer answer{pages, page_capacity, page_bytes()};
    return collect_view_since(aliases, base, bytes, mark, answer, resume);
}

std::ptrdiff_t ww_aliases_view_ranges_since(const ww_aliases* aliases, const void* base,
                                            std::size_t bytes, std::uint64_t mark,
                                            ww_range* ranges, std::size_t range_capacity,
                                            void** resume) noexcept {
    const ww::RangeAnswer answer{ranges, range_capacity};
    return collect_view_since(aliases, base, bytes, mark, answer, resume);
}

} // extern "C"
