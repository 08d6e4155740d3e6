// SPDX-License-Identifier: MIT
// The C functions: checks of the arguments, and nothing else.
#include "api.h"

#include "backend_choice.h"
#include "kernel/capabilities.h"

#include <optional>

using ww::BackendKind;
using ww::check;
using ww::Collected;
using ww::impl;
using ww::Range;
using ww::range_of;
using ww::Tracker;
using ww::Watched;
using ww::kernel::Error;
using ww::kernel::KeepErrno;
using ww::kernel::Result;

namespace {

static_assert(WW_BACKEND_NONE == static_cast<int>(BackendKind::none) &&
              WW_BACKEND_PAGEMAP_SCAN == static_cast<int>(BackendKind::pagemap_scan) &&
              WW_BACKEND_MPROTECT == static_cast<int>(BackendKind::protection));
constexpr ww_backend public_name(BackendKind kind) noexcept {
    return static_cast<ww_backend>(kind);
}

Error refusal(ww::kernel::Verdict reason) noexcept {
    if (reason.missing == ww::kernel::Missing::known_setting)
        return Error::invalid;
    return reason.error.passes() ? reason.error : Error::no_backend;
}

int give(std::optional<Watched> found, ww_range* watch) noexcept {
    if (found && watch != nullptr)
        *watch = {reinterpret_cast<void*>(found->range.start), found->range.bytes()};
    return found.has_value();
}

template<class Answer>
std::ptrdiff_t collect(ww_tracker* tracker, const void* base, std::size_t bytes, unsigned flags,
                       Answer answer, void** resume) noexcept {
    const KeepErrno keep;
    if (const Error error = check(*impl(tracker), base, bytes, flags, WW_RESET))
        return -error.code();
    const Collected done =
        impl(tracker)->collect(range_of(base, bytes), (flags & WW_RESET) != 0, answer);
    return outcome(done, answer, resume);
}

} // namespace

extern "C" {

ww_backend ww_probe(char* reason, std::size_t reason_bytes) noexcept {
    const KeepErrno keep;
    const ww::Choice choice = ww::choose_backend();
    if (reason != nullptr)
        ww::kernel::describe(choice.reason, {reason, reason_bytes});
    return public_name(choice.kind);
}

const char* ww_backend_name(ww_backend backend) noexcept {
    if (backend == WW_BACKEND_MPROTECT)
        return "mprotect";
    return backend == WW_BACKEND_PAGEMAP_SCAN ? "pagemap-scan" : "none";
}

int ww_tracker_create(ww_tracker** tracker) noexcept {
    return ww_tracker_create_with(tracker, WW_BACKEND_NONE);
}

int ww_tracker_create_with(ww_tracker** tracker, ww_backend backend) noexcept {
    const KeepErrno keep;
    if (tracker == nullptr || backend < WW_BACKEND_NONE || backend > WW_BACKEND_MPROTECT)
        return -Error::invalid.code();
    const ww::Choice choice = ww::choose_backend(static_cast<BackendKind>(backend));
    if (choice.kind == BackendKind::none)
        return -refusal(choice.reason).code();
    const Result<Tracker*> created = Tracker::create(choice.kind);
    if (!created)
        return -created.error().code();
    *tracker = reinterpret_cast<ww_tracker*>(*created);
    return 0;
}

void ww_tracker_destroy(ww_tracker* tracker) noexcept {
    const KeepErrno keep;
    if (tracker != nullptr)
        Tracker::destroy(impl(tracker));
}

ww_backend ww_tracker_backend(const ww_tracker* tracker) noexcept {
    return public_name(impl(tracker)->backend_kind());
}

int ww_watch(ww_tracker* tracker, void* base, std::size_t bytes, unsigned flags) noexcept {
    const KeepErrno keep;
    constexpr unsigned known = WW_WATCH_ANONYMOUS | WW_WATCH_KEEP | WW_WATCH_HUGE_PAGES;
    if (const Error error = check(*impl(tracker), base, bytes, flags, known))
        return -error.code();
    const Tracker::WatchOptions options{.known_anonymous = (flags & WW_WATCH_ANONYMOUS) != 0,
                                        .keep = (flags & WW_WATCH_KEEP) != 0,
                                        .huge_pages = (flags & WW_WATCH_HUGE_PAGES) != 0};
    return -impl(tracker)->watch(range_of(base, bytes), options).code();
}

int ww_unwatch(ww_tracker* tracker, void* base, std::size_t bytes) noexcept {
    const KeepErrno keep;
    if (const Error error = check(*impl(tracker), base, bytes))
        return -error.code();
    return -impl(tracker)->unwatch(range_of(base, bytes)).code();
}

int ww_forget(ww_tracker* tracker, void* base, std::size_t bytes) noexcept {
    if (const Error error = check(*impl(tracker), base, bytes))
        return -error.code();
    // Most memory that is freed was never watched: that costs one lookup.
    if (!impl(tracker)->find_first(range_of(base, bytes)))
        return 0;
    const KeepErrno keep;
    return -impl(tracker)->forget(range_of(base, bytes)).code();
}

int ww_remapped(ww_tracker* tracker, void* base, std::size_t bytes) noexcept {
    const KeepErrno keep;
    if (const Error error = check(*impl(tracker), base, bytes))
        return -error.code();
    return -impl(tracker)->remapped(range_of(base, bytes)).code();
}

int ww_discarded(ww_tracker* tracker, void* base, std::size_t bytes) noexcept {
    const KeepErrno keep;
    if (const Error error = check(*impl(tracker), base, bytes))
        return -error.code();
    return -impl(tracker)->discarded(range_of(base, bytes)).code();
}

std::size_t ww_granularity(const ww_tracker* tracker, const void* base) noexcept {
    const std::size_t page = ww::kernel::page_bytes();
    if (check(*impl(tracker), base, page))
        return 0;
    const std::optional<Watched> found = impl(tracker)->find(range_of(base, page));
    return found ? ww::granularity(found->kind, page) : 0;
}

int ww_find(const ww_tracker* tracker, const void* base, std::size_t bytes,
            ww_range* watch) noexcept {
    if (check(*impl(tracker), base, bytes))
        return 0;
    return give(impl(tracker)->find(range_of(base, bytes)), watch);
}

int ww_find_first(const ww_tracker* tracker, const void* base, std::size_t bytes,
                  ww_range* watch) noexcept {
    if (check(*impl(tracker), base, bytes))
        return 0;
    return give(impl(tracker)->find_first(range_of(base, bytes)), watch);
}

std::ptrdiff_t ww_collect_pages(ww_tracker* tracker, const void* base, std::size_t bytes,
                                unsigned flags, void** pages, std::size_t page_capacity,
                                void** resume) noexcept {
    return collect(tracker, base, bytes, flags,
                   ww::AddressAnswer{pages, page_capacity, ww::kernel::page_bytes()}, resume);
}

std::ptrdiff_t ww_collect_ranges(ww_tracker* tracker, const void* base, std::size_t bytes,
                                 unsigned flags, ww_range* ranges, std::size_t range_capacity,
                                 void** resume) noexcept {
    return collect(tracker, base, bytes, flags, ww::RangeAnswer{ranges, range_capacity}, resume);
}

std::ptrdiff_t ww_collect_bitmap(ww_tracker* tracker, const void* base, std::size_t bytes,
                                 unsigned flags, std::uint64_t* words, std::size_t word_count,
                                 void** resume) noexcept {
    const ww::BitmapAnswer answer{words, word_count, reinterpret_cast<std::uintptr_t>(base),
                                  ww::kernel::page_bytes()};
    return collect(tracker, base, bytes, flags, answer, resume);
}

std::ptrdiff_t ww_count_written(ww_tracker* tracker, const void* base, std::size_t bytes,
                                unsigned flags, std::size_t page_limit, void** resume) noexcept {
    return collect(tracker, base, bytes, flags,
                   ww::CountAnswer{page_limit, ww::kernel::page_bytes()}, resume);
}

int ww_any_written(ww_tracker* tracker, const void* base, std::size_t bytes) noexcept {
    return static_cast<int>(ww_count_written(tracker, base, bytes, 0, 1, nullptr));
}

int ww_reset(ww_tracker* tracker, const void* base, std::size_t bytes) noexcept {
    return static_cast<int>(collect(tracker, base, bytes, WW_RESET, ww::NoAnswer{}, nullptr));
}

void ww_tracker_counters(const ww_tracker* tracker, ww_counters* counters,
                         std::size_t counters_bytes) noexcept {
    const ww::Backend& backend = impl(tracker)->backend();
    const ww_counters known{.watches = impl(tracker)->watch_count(),
                            .repairs = backend.repairs(),
                            .reopened = backend.reopened(),
                            .mapping_limits = backend.mapping_limits(),
                            .foreign_handlers = backend.foreign_handlers()};
    ww::give(known, counters, counters_bytes);
}

} // extern "C"
