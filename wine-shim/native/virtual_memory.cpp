// SPDX-License-Identifier: MIT
#include "virtual_memory.h"

#include "allocation_type.h"
#include "constants.h"
#include "process_lock.h"
#include "reservations.h"
#include "system_memory.h"

#include <writewatch/wine.h>

namespace ww::wine {

namespace {

constinit Reservations reservations;

NTSTATUS as_unsigned(ww_wine_status status) noexcept {
    return static_cast<NTSTATUS>(status);
}

// Takes caching modifiers off; what remains is one of the protections that
// private memory can have.
NTSTATUS understand_protection(ULONG& protect) noexcept {
    if ((protect & PAGE_GUARD) != 0)
        return STATUS_NOT_SUPPORTED;
    protect &= ~(PAGE_NOCACHE | PAGE_WRITECOMBINE);
    switch (protect) {
    case PAGE_NOACCESS:
    case PAGE_READONLY:
    case PAGE_READWRITE:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_READWRITE:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PAGE_PROTECTION;
    }
}

NTSTATUS commit_pages(const Reservation& reservation, PageRange part, ULONG protect) noexcept {
    const NTSTATUS status = set_protection(part, protect);
    if (status == STATUS_SUCCESS)
        reservation.set_state(part, protect);
    return status;
}

// Watched before anybody can know of it, unmapped if that or the rest fails.
NTSTATUS reserve(PageRange& range, ULONG type, ULONG protect) noexcept {
    PageRange made = range;
    NTSTATUS status = map_reserved(made);
    if (status != STATUS_SUCCESS)
        return status;
    status = as_unsigned(ww_wine_reserved(made.base(), made.bytes, type));
    if (status == STATUS_SUCCESS) {
        const ProcessLock lock;
        if (!reservations.add(made, protect))
            status = STATUS_NO_MEMORY;
        else if ((type & MEM_COMMIT) != 0)
            status = commit_pages(*reservations.find(made.start), made, protect);
        if (status == STATUS_SUCCESS) {
            range = made;
            return status;
        }
        if (const Reservation* const added = reservations.find(made.start))
            reservations.remove(*added);
    }
    ww_wine_releasing(made.base(), made.bytes, nullptr);
    unmap(made);
    return status;
}

// MEM_RESET: contents may be given up, but need not be. (MSDN)
NTSTATUS use_reserved(PageRange range, ULONG type, ULONG protect) noexcept {
    const ProcessLock lock;
    const Reservation* const reservation = reservations.find(range.start);
    if (reservation == nullptr || !reservation->holds(range))
        return STATUS_CONFLICTING_ADDRESSES;
    return (type & MEM_RESET) != 0 ? STATUS_SUCCESS : commit_pages(*reservation, range, protect);
}

// A range that begins where a reservation can, if it is a new one.
NTSTATUS range_to_allocate(const void* base, SIZE_T size, ULONG type, PageRange& range) noexcept {
    if (base == nullptr) {
        range = {0, PageRange::around(nullptr, size).bytes};
        return range.bytes >= size ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    }
    range = PageRange::asked(base, size);
    if (range.start < kReserveGranularity || range.empty() || range.wraps())
        return STATUS_INVALID_PARAMETER;
    if ((type & MEM_RESERVE) != 0) {
        const ULONG_PTR excess = range.start % kReserveGranularity;
        range = {range.start - excess, range.bytes + excess};
    }
    return STATUS_SUCCESS;
}

NTSTATUS release(const Reservation& reservation) noexcept {
    const PageRange range = reservation.range;
    ww_wine_release release{};
    ww_wine_releasing(range.base(), range.bytes, &release);
    const NTSTATUS status = unmap(range);
    if (status == STATUS_SUCCESS)
        reservations.remove(reservation);
    else
        ww_wine_release_failed(&release);
    return status;
}

NTSTATUS decommit(const Reservation& reservation, PageRange part) noexcept {
    const NTSTATUS status = map_reserved_again(part);
    if (status == STATUS_SUCCESS) {
        reservation.set_state(part, 0);
        ww_wine_decommitted(part.base(), part.bytes);
    }
    return status;
}

} // namespace

NTSTATUS allocate_memory(void*& base, SIZE_T& size, ULONG type, ULONG protect) noexcept {
    constexpr ULONG kUnderstood =
        MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_TOP_DOWN | MEM_WRITE_WATCH;
    constexpr ULONG kActions = MEM_COMMIT | MEM_RESERVE | MEM_RESET;
    if (size == 0 || (type & ~kUnderstood) != 0 || (type & kActions) == 0)
        return STATUS_INVALID_PARAMETER;
    if (is_refused(type) || ((type & MEM_RESET) != 0 && (type != MEM_RESET || base == nullptr)))
        return STATUS_INVALID_PARAMETER;
    PageRange range;
    NTSTATUS status = range_to_allocate(base, size, type, range);
    if (status == STATUS_SUCCESS)
        status = understand_protection(protect);
    if (status == STATUS_SUCCESS)
        status = makes_reservation(base, type) ? reserve(range, type, protect)
                                               : use_reserved(range, type, protect);
    if (status == STATUS_SUCCESS) {
        base = range.base();
        size = range.bytes;
    }
    return status;
}

NTSTATUS free_memory(void*& base, SIZE_T& size, ULONG type) noexcept {
    if (type != MEM_RELEASE && type != MEM_DECOMMIT)
        return STATUS_INVALID_PARAMETER;
    PageRange part = PageRange::asked(base, size);
    const ProcessLock lock;
    const Reservation* const reservation = reservations.find(part.start);
    if (reservation == nullptr)
        return STATUS_MEMORY_NOT_ALLOCATED;
    if (size == 0) {
        if (part.start != reservation->range.start)
            return STATUS_FREE_VM_NOT_AT_BASE;
        part = reservation->range;
    }
    if (!reservation->holds(part))
        return STATUS_UNABLE_TO_FREE_VM;
    if (type == MEM_RELEASE && part.bytes != reservation->range.bytes)
        return STATUS_UNABLE_TO_FREE_VM; // a part: Windows splits, VirtualFree never asks
    const NTSTATUS status =
        type == MEM_RELEASE ? release(*reservation) : decommit(*reservation, part);
    if (status == STATUS_SUCCESS) {
        base = part.base();
        size = part.bytes;
    }
    return status;
}

NTSTATUS protect_memory(void*& base, SIZE_T& size, ULONG protect, ULONG& old_protect) noexcept {
    NTSTATUS status = understand_protection(protect);
    if (status != STATUS_SUCCESS)
        return status;
    const PageRange range = PageRange::asked(base, size);
    if (size == 0)
        return STATUS_INVALID_PARAMETER;
    const ProcessLock lock;
    const Reservation* const reservation = reservations.find(range.start);
    if (reservation == nullptr || !reservation->holds(range))
        return STATUS_CONFLICTING_ADDRESSES;
    if (!reservation->all_committed(range))
        return STATUS_NOT_COMMITTED;
    const ULONG before = reservation->state(range.start);
    status = commit_pages(*reservation, range, protect);
    if (status != STATUS_SUCCESS)
        return status;
    ww_wine_protected(range.base(), range.bytes);
    base = range.base();
    size = range.bytes;
    old_protect = before;
    return status;
}

NTSTATUS query_memory(const void* address, MemoryInformation& information) noexcept {
    const auto at = reinterpret_cast<ULONG_PTR>(address);
    const ProcessLock lock;
    const Reservation* const reservation = reservations.find(at);
    if (reservation == nullptr)
        return STATUS_MEMORY_NOT_ALLOCATED;
    information = {reservation->same_state(at), reservation->range.base(), reservation->protect,
                   reservation->state(at)};
    return STATUS_SUCCESS;
}

} // namespace ww::wine
