// SPDX-License-Identifier: MIT
#include "reservations.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ww::wine {

void Reservation::set_state(PageRange part, ULONG protection) const noexcept {
    std::memset(state_of(part.start), static_cast<int>(protection), part.page_count());
}

bool Reservation::all_committed(PageRange part) const noexcept {
    return std::memchr(state_of(part.start), 0, part.page_count()) == nullptr;
}

PageRange Reservation::same_state(ULONG_PTR address) const noexcept {
    const std::uint8_t* const first = state_of(address);
    const std::uint8_t* const end = states_ + range.page_count();
    const std::uint8_t* const last =
        std::find_if(first, end, [first](std::uint8_t state) noexcept { return state != *first; });
    return {address - address % kGranularity, static_cast<SIZE_T>(last - first) * kGranularity};
}

// States come from calloc: of a large reservation only those that are used
// become memory.
bool Reservations::add(PageRange range, ULONG protect) noexcept {
    if (count_ == capacity_) {
        const std::size_t capacity = std::max<std::size_t>(64, 2 * capacity_);
        void* const larger = std::realloc(static_cast<void*>(sorted_), capacity * sizeof(*sorted_));
        if (larger == nullptr)
            return false;
        sorted_ = static_cast<Reservation*>(larger);
        capacity_ = capacity;
    }
    Reservation made;
    made.range = range;
    made.protect = protect;
    made.states_ = static_cast<std::uint8_t*>(std::calloc(range.page_count(), 1));
    if (made.states_ == nullptr)
        return false;
    Reservation* const place = sorted_ + upper_bound(range.start);
    std::move_backward(place, sorted_ + count_, sorted_ + count_ + 1);
    *place = made;
    ++count_;
    return true;
}

void Reservations::remove(const Reservation& reservation) noexcept {
    std::free(reservation.states_);
    Reservation* const place = sorted_ + (&reservation - sorted_);
    std::move(place + 1, sorted_ + count_, place);
    --count_;
}

const Reservation* Reservations::find(ULONG_PTR address) const noexcept {
    const std::size_t after = upper_bound(address);
    if (after == 0)
        return nullptr;
    const Reservation& candidate = sorted_[after - 1];
    return address < candidate.range.end() ? &candidate : nullptr;
}

// How many start at or below the address.
std::size_t Reservations::upper_bound(ULONG_PTR address) const noexcept {
    const auto starts_above = [](ULONG_PTR value, const Reservation& reservation) noexcept {
        return value < reservation.range.start;
    };
    return static_cast<std::size_t>(
        std::upper_bound(sorted_, sorted_ + count_, address, starts_above) - sorted_);
}

} // namespace ww::wine
