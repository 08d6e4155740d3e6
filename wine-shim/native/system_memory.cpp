// SPDX-License-Identifier: MIT
#include "system_memory.h"

#include "constants.h"

#include <cerrno>

#include <sys/mman.h>

namespace ww::wine {

namespace {

// NORESERVE: address space is no promise of memory, as on Windows.
constexpr int kReserved = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

NTSTATUS map_at(PageRange range) noexcept {
    void* const at =
        ::mmap(range.base(), range.bytes, PROT_NONE, kReserved | MAP_FIXED_NOREPLACE, -1, 0);
    if (at == range.base())
        return STATUS_SUCCESS;
    if (at != MAP_FAILED) // Linux before 4.17 takes the address for a hint
        ::munmap(at, range.bytes);
    return at == MAP_FAILED && errno == ENOMEM ? STATUS_NO_MEMORY : STATUS_CONFLICTING_ADDRESSES;
}

// With room to spare, which is then cut off on both sides.
NTSTATUS map_anywhere(PageRange& range) noexcept {
    const SIZE_T room = range.bytes + kReserveGranularity;
    void* const at = room < range.bytes
                         ? MAP_FAILED
                         : ::mmap(nullptr, room, PROT_NONE, kReserved, -1, 0);
    if (at == MAP_FAILED)
        return STATUS_NO_MEMORY;
    const auto start = reinterpret_cast<ULONG_PTR>(at);
    range.start = (start + kReserveGranularity - 1) / kReserveGranularity * kReserveGranularity;
    if (range.start != start)
        ::munmap(at, range.start - start);
    if (start + room != range.end())
        ::munmap(reinterpret_cast<void*>(range.end()), start + room - range.end());
    return STATUS_SUCCESS;
}

int linux_protection(ULONG protect) noexcept {
    switch (protect) {
    case PAGE_READONLY:
        return PROT_READ;
    case PAGE_READWRITE:
        return PROT_READ | PROT_WRITE;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
        return PROT_READ | PROT_EXEC;
    case PAGE_EXECUTE_READWRITE:
        return PROT_READ | PROT_WRITE | PROT_EXEC;
    default:
        return PROT_NONE;
    }
}

} // namespace

NTSTATUS map_reserved(PageRange& range) noexcept {
    return range.start != 0 ? map_at(range) : map_anywhere(range);
}

NTSTATUS map_reserved_again(PageRange range) noexcept {
    return ::mmap(range.base(), range.bytes, PROT_NONE, kReserved | MAP_FIXED, -1, 0) == MAP_FAILED
               ? STATUS_NO_MEMORY
               : STATUS_SUCCESS;
}

NTSTATUS unmap(PageRange range) noexcept {
    return ::munmap(range.base(), range.bytes) == 0 ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS set_protection(PageRange range, ULONG protect) noexcept {
    if (::mprotect(range.base(), range.bytes, linux_protection(protect)) == 0)
        return STATUS_SUCCESS;
    return errno == EACCES ? STATUS_ACCESS_DENIED : STATUS_NO_MEMORY;
}

KeepErrno::KeepErrno() noexcept : errno_(errno) {}

KeepErrno::~KeepErrno() {
    errno = errno_;
}

} // namespace ww::wine
