// SPDX-License-Identifier: MIT
#include "heap.h"

#include "../mimalloc_manage.h"
#include "../region.h"
#include "data_segments.h"
#include "writewatch/malloc.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>
#include <unistd.h>

namespace ww::hooks {

constinit std::atomic<Begun> begun{Begun::no};

namespace {

constexpr std::size_t kGiB = std::size_t{1} << 30;

constinit std::atomic<ww_tracker*> tracker{nullptr};
constinit Managed managed{true};
alignas(Region) constinit std::array<std::byte, sizeof(Region)> region_memory{};

// Never destroyed: there are calls after exit handlers.
Region& region() noexcept {
    return *std::launder(reinterpret_cast<Region*>(region_memory.data()));
}

void say(std::string_view what, std::string_view why) noexcept {
    std::array<char, 300> line;
    std::size_t length = 0;
    for (const std::string_view part :
         {std::string_view{"writewatch: "}, what, why, std::string_view{"\n"}})
        length += part.copy(line.data() + length, line.size() - length);
    static_cast<void>(!::write(2, line.data(), length));
}

std::size_t wanted_gib() noexcept {
    constexpr std::size_t kDefault = 256;
    constexpr std::size_t kMost = 4096;
    const char* text = std::getenv("WRITEWATCH_MALLOC_GIB");
    if (text == nullptr)
        return kDefault;
    const std::string_view digits{text};
    std::size_t gib = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), gib);
    if (error == std::errc{} && end == digits.end() && gib >= 1 && gib <= kMost)
        return gib;
    say("WRITEWATCH_MALLOC_GIB is not a number from 1 to 4096: ", digits);
    return kDefault;
}

// As much as limits allow.
bool reserve(Region& made) noexcept {
    for (std::size_t bytes = wanted_gib() * kGiB; bytes >= kGiB / 4; bytes /= 2) {
        if (made.reserve(bytes, limits().alignment) == 0)
            return true;
    }
    say("the heap is not watched: ", "no address space");
    return false;
}

bool watch(Region& made) noexcept {
    ww_tracker* created = nullptr;
    int error = ww_tracker_create(&created);
    if (error == 0)
        error = made.watch(created);
    if (error == 0) {
        tracker.store(created, std::memory_order_release);
        return true;
    }
    std::array<char, WW_REASON_BYTES> reason{};
    ww_probe(reason.data(), reason.size());
    say("the heap is not watched: ", reason[0] != '\0' ? reason.data() : "the kernel refused it");
    ww_tracker_destroy(created);
    return false;
}

} // namespace

[[gnu::cold, gnu::noinline]] void begin_slowly() noexcept {
    Begun expected = Begun::no;
    if (!begun.compare_exchange_strong(expected, Begun::now))
        return;
    Region& made = *new (region_memory.data()) Region;
    if (reserve(made) && watch(made)) {
        // Not exclusive: everybody's heap comes from here first.
        if (!manage(made, false, managed))
            say("the heap is not watched: ", "mimalloc did not take the reservation");
    }
    begun.store(Begun::done, std::memory_order_release);
}

} // namespace ww::hooks

using ww::hooks::DataSegments;

extern "C" {

ww_tracker* ww_malloc_tracker() noexcept {
    return ww::hooks::tracker.load(std::memory_order_acquire);
}

std::size_t ww_malloc_ranges(ww_range* ranges, std::size_t capacity) noexcept {
    ww_tracker* tracker = ww_malloc_tracker();
    if (tracker == nullptr)
        return 0;
    const DataSegments& segments = DataSegments::watched_by(*tracker);
    if (capacity > 0)
        ranges[0] = ww::hooks::region().range();
    for (std::size_t i = 0; i < segments.count() && i + 1 < capacity; ++i)
        ranges[i + 1] = segments[i];
    return 1 + segments.count();
}

} // extern "C"
