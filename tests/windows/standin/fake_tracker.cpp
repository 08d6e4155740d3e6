// SPDX-License-Identifier: MIT
#include "fake_tracker.h"

#include <writewatch/writewatch.h>

#include <algorithm>

FakeTracker fake;

namespace {

constexpr std::uintptr_t kPage = 4096;

std::uintptr_t number(const void* address) {
    return reinterpret_cast<std::uintptr_t>(address);
}

void note(const char* what, const void* base, std::size_t bytes, const char* more = "") {
    fake.calls.push_back(std::string(what) + " " + std::to_string(number(base) / kPage) + "+" +
                         std::to_string(bytes / kPage) + more);
}

} // namespace

int ww_tracker_create_with(ww_tracker** tracker, ww_backend) noexcept {
    if (fake.error != 0)
        return fake.error;
    *tracker = reinterpret_cast<ww_tracker*>(&fake);
    return 0;
}

void ww_tracker_destroy(ww_tracker*) noexcept {}

int ww_watch(ww_tracker*, void* base, std::size_t bytes, unsigned flags) noexcept {
    note("watch", base, bytes, (flags & WW_WATCH_KEEP) != 0 ? " keep" : "");
    if (fake.error != 0)
        return fake.error;
    fake.watch_start = number(base);
    fake.watch_end = number(base) + bytes;
    return 0;
}

int ww_forget(ww_tracker*, void* base, std::size_t bytes) noexcept {
    note("forget", base, bytes);
    return 0;
}

int ww_remapped(ww_tracker*, void* base, std::size_t bytes) noexcept {
    note("remapped", base, bytes);
    fake.dirty.erase(fake.dirty.lower_bound(number(base)),
                     fake.dirty.lower_bound(number(base) + bytes));
    return 0;
}

int ww_reset(ww_tracker*, const void* base, std::size_t bytes) noexcept {
    if (fake.error == 0)
        fake.dirty.erase(fake.dirty.lower_bound(number(base)),
                         fake.dirty.lower_bound(number(base) + bytes));
    return fake.error;
}

int ww_find(const ww_tracker*, const void* base, std::size_t bytes, ww_range* watch) noexcept {
    if (number(base) < fake.watch_start || number(base) + bytes > fake.watch_end)
        return 0;
    if (watch != nullptr)
        *watch = {reinterpret_cast<void*>(fake.watch_start), fake.watch_end - fake.watch_start};
    return 1;
}

int ww_find_first(const ww_tracker*, const void* base, std::size_t bytes, ww_range*) noexcept {
    return number(base) < fake.watch_end && number(base) + bytes > fake.watch_start ? 1 : 0;
}

std::ptrdiff_t ww_collect_ranges(ww_tracker*, const void* base, std::size_t bytes, unsigned,
                                 ww_range* ranges, std::size_t capacity, void** resume) noexcept {
    std::size_t count = 0;
    std::uintptr_t at = number(base);
    for (; at < number(base) + bytes && count < capacity && at != fake.fails_at; at += kPage) {
        if (fake.dirty.count(at) != 0)
            ranges[count++] = {reinterpret_cast<void*>(at), kPage};
    }
    *resume = reinterpret_cast<void*>(at);
    return at == number(base) && fake.error != 0 ? fake.error : static_cast<std::ptrdiff_t>(count);
}

std::ptrdiff_t ww_collect_pages(ww_tracker*, const void* base, std::size_t bytes, unsigned flags,
                                void** pages, std::size_t page_capacity, void** resume) noexcept {
    std::ptrdiff_t count = 0;
    std::uintptr_t at = number(base);
    for (; at < number(base) + bytes; at += kPage) {
        if (static_cast<std::size_t>(count) == std::min(page_capacity, fake.most_at_once))
            break;
        if (at == fake.fails_at) {
            if (count == 0)
                return fake.error;
            break;
        }
        if (fake.dirty.count(at) == 0)
            continue;
        pages[count++] = reinterpret_cast<void*>(at);
        if ((flags & WW_RESET) != 0)
            fake.dirty.erase(at);
    }
    *resume = reinterpret_cast<void*>(at);
    return count;
}
