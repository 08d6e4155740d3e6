// SPDX-License-Identifier: MIT
#include "system.h"

#include <cerrno>
#include <stdexcept>

namespace property {

namespace {

// No call may store or change this.
char nothing_stored;
constexpr int kSomeErrno = 12345;

template<class Call>
auto keeping_errno(Call call) {
    errno = kSomeErrno;
    const auto result = call();
    if (errno != kSomeErrno)
        throw std::runtime_error("errno was changed");
    return result;
}

ww_tracker* create() {
    ww_tracker* tracker = nullptr;
    if (keeping_errno([&] { return ww_tracker_create(&tracker); }) != 0)
        throw std::runtime_error("no tracker");
    return tracker;
}

// After a call that gave `result`, with room for one more than it was told of.
template<class Out, class IsUntouched>
void check_stores(std::ptrdiff_t result, const std::vector<Out>& out, IsUntouched is_untouched) {
    const std::size_t capacity = out.size() - 1;
    if (result > static_cast<std::ptrdiff_t>(capacity))
        throw std::runtime_error("more found than there was room for");
    if (!is_untouched(out[capacity]))
        throw std::runtime_error("stored behind the capacity");
    if (result < 0 && !is_untouched(out[0]))
        throw std::runtime_error("failed, and stored all the same");
}

} // namespace

System::System(const Memory& memory) : memory_(memory) {
    memory.map({0, kRegionPages}, Access::write);
    tracker_.reset(create());
}

int System::watch(Span span, unsigned flags) const {
    return keeping_errno([&] {
        return ww_watch(tracker_.get(), memory_.at(span.first), memory_.bytes(span), flags);
    });
}

int System::unwatch(Span span) const {
    return keeping_errno(
        [&] { return ww_unwatch(tracker_.get(), memory_.at(span.first), memory_.bytes(span)); });
}

int System::forget(Span span) const {
    return keeping_errno(
        [&] { return ww_forget(tracker_.get(), memory_.at(span.first), memory_.bytes(span)); });
}

int System::remapped(Span span) const {
    return keeping_errno(
        [&] { return ww_remapped(tracker_.get(), memory_.at(span.first), memory_.bytes(span)); });
}

int System::discarded(Span span) const {
    return keeping_errno(
        [&] { return ww_discarded(tracker_.get(), memory_.at(span.first), memory_.bytes(span)); });
}

int System::reset(Span span) const {
    return keeping_errno(
        [&] { return ww_reset(tracker_.get(), memory_.at(span.first), memory_.bytes(span)); });
}

Found System::find(Span span) const {
    ww_range watch{&nothing_stored, 0};
    const bool found = keeping_errno([&] {
        return ww_find(tracker_.get(), memory_.at(span.first), memory_.bytes(span), &watch);
    });
    if (watch.base == &nothing_stored)
        return {.found = found};
    return {found, Span{memory_.page_of(watch.base), watch.bytes / memory_.page_bytes()}};
}

ww_counters System::counters() const {
    ww_counters counters;
    ww_tracker_counters(tracker_.get(), &counters, sizeof counters);
    return counters;
}

Reply System::collect(Span span, bool reset, Form form, std::size_t capacity) {
    const unsigned flags = reset ? WW_RESET : 0;
    switch (form) {
    case Form::pages:
        return collect_pages(span, flags, capacity);
    case Form::ranges:
        return collect_ranges(span, flags, capacity);
    default:
        return collect_runs(span, flags, capacity);
    }
}

Reply System::collect_pages(Span span, unsigned flags, std::size_t capacity) const {
    std::vector<void*> out(capacity + 1, &nothing_stored);
    void* resume = &nothing_stored;
    const std::ptrdiff_t result = keeping_errno([&] {
        return ww_collect_pages(tracker_.get(), memory_.at(span.first), memory_.bytes(span), flags,
                                out.data(), capacity, &resume);
    });
    check_stores(result, out, [](void* page) { return page == &nothing_stored; });
    Reply reply{.result = result, .found = {}, .resume = page_if_stored(resume)};
    for (std::ptrdiff_t i = 0; i < result; ++i)
        reply.found.push_back({{memory_.page_of(out[static_cast<std::size_t>(i)]), 1}});
    return reply;
}

Reply System::collect_ranges(Span span, unsigned flags, std::size_t capacity) const {
    std::vector<ww_range> out(capacity + 1, {&nothing_stored, 0});
    void* resume = &nothing_stored;
    const std::ptrdiff_t result = keeping_errno([&] {
        return ww_collect_ranges(tracker_.get(), memory_.at(span.first), memory_.bytes(span), flags,
                                 out.data(), capacity, &resume);
    });
    check_stores(result, out, [](const ww_range& range) { return range.base == &nothing_stored; });
    Reply reply{.result = result, .found = {}, .resume = page_if_stored(resume)};
    for (std::ptrdiff_t i = 0; i < result; ++i) {
        const ww_range& range = out[static_cast<std::size_t>(i)];
        reply.found.push_back({span_of(range.base, range.bytes)});
    }
    return reply;
}

Reply System::collect_runs(Span span, unsigned flags, std::size_t capacity) const {
    std::vector<ww_run> out(capacity + 1, {&nothing_stored, 0, 0});
    void* resume = &nothing_stored;
    const std::ptrdiff_t result = keeping_errno([&] {
        return ww_collect_runs(tracker_.get(), memory_.at(span.first), memory_.bytes(span), flags,
                               out.data(), capacity, &resume);
    });
    check_stores(result, out, [](const ww_run& run) { return run.base == &nothing_stored; });
    Reply reply{.result = result, .found = {}, .resume = page_if_stored(resume)};
    for (std::ptrdiff_t i = 0; i < result; ++i) {
        const ww_run& run = out[static_cast<std::size_t>(i)];
        if (run.state < WW_WRITTEN || run.state > WW_UNKNOWN)
            throw std::runtime_error("a run of no known state");
        reply.found.push_back({span_of(run.base, run.bytes), static_cast<State>(run.state)});
    }
    return reply;
}

Span System::span_of(const void* base, std::size_t bytes) const {
    if (bytes == 0 || bytes % memory_.page_bytes() != 0)
        throw std::runtime_error("a range that is not of pages");
    return {memory_.page_of(base), bytes / memory_.page_bytes()};
}

std::optional<std::size_t> System::page_if_stored(const void* address) const {
    if (address == &nothing_stored)
        return std::nullopt;
    return memory_.page_of(address);
}

} // namespace property
