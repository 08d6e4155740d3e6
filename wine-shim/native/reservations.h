// SPDX-License-Identifier: MIT
// What this process has reserved by Windows' calls, and in which state its pages
// are. The caller sees to it that one thread at a time is in here.
#pragma once

#include "page_range.h"
#include "win32.h"

#include <cstdint>

namespace ww::wine {

class Reservation {
public:
    PageRange range;
    ULONG protect = 0; // that it was reserved with

    bool holds(PageRange part) const noexcept {
        return part.start >= range.start && part.start < range.end() &&
               part.bytes <= range.end() - part.start;
    }

    // Of a page: its protection, or 0 where it is reserved only.
    ULONG state(ULONG_PTR address) const noexcept { return *state_of(address); }
    void set_state(PageRange part, ULONG protect) const noexcept;
    bool all_committed(PageRange part) const noexcept;

    // From the page of `address` on: those of one state.
    PageRange same_state(ULONG_PTR address) const noexcept;

private:
    friend class Reservations;
    std::uint8_t* state_of(ULONG_PTR address) const noexcept {
        return states_ + (address - range.start) / kGranularity;
    }
    std::uint8_t* states_ = nullptr; // one each page
};

class Reservations {
public:
    // False if there is no memory for it.
    [[nodiscard]] bool add(PageRange range, ULONG protect) noexcept;
    void remove(const Reservation& reservation) noexcept;

    // The one that has the address, or null. Good until the next change.
    const Reservation* find(ULONG_PTR address) const noexcept;

private:
    std::size_t upper_bound(ULONG_PTR address) const noexcept;

    Reservation* sorted_ = nullptr;
    std::size_t count_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace ww::wine
