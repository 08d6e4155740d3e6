// SPDX-License-Identifier: MIT
// Windows' calls as programs know them: truth values, and a last error.
#define WRITEWATCH_WIN32_PREFIXED // Windows' constants are of our own namespace here
#include <writewatch/win32.h>

#include "constants.h"
#include "system_memory.h"
#include "virtual_memory.h"

#include <writewatch/wine.h>

namespace ww::wine {

namespace {

thread_local constinit std::uint32_t last_error = 0;

struct Row {
    NTSTATUS status;
    std::uint32_t error;
};

constexpr Row kErrors[] = {
    {STATUS_ACCESS_VIOLATION, ERROR_NOACCESS},
    {STATUS_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY},
    {STATUS_CONFLICTING_ADDRESSES, ERROR_INVALID_ADDRESS},
    {STATUS_MEMORY_NOT_ALLOCATED, ERROR_INVALID_ADDRESS},
    {STATUS_FREE_VM_NOT_AT_BASE, ERROR_INVALID_ADDRESS},
    {STATUS_NOT_COMMITTED, ERROR_INVALID_ADDRESS},
    {STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER},
    {STATUS_INVALID_PAGE_PROTECTION, ERROR_INVALID_PARAMETER},
    {STATUS_UNABLE_TO_FREE_VM, ERROR_INVALID_PARAMETER},
    {STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED},
    {STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED},
    {STATUS_TOO_MANY_OPENED_FILES, ERROR_TOO_MANY_OPEN_FILES},
};

std::uint32_t error_of(NTSTATUS status) noexcept {
    for (const Row& row : kErrors) {
        if (row.status == status)
            return row.error;
    }
    return ERROR_INTERNAL_ERROR;
}

// What a call came to; a failure is the thread's last error from now on.
bool succeeded(NTSTATUS status) noexcept {
    if (status == STATUS_SUCCESS)
        return true;
    last_error = error_of(status);
    return false;
}

bool succeeded(ww_wine_status status) noexcept {
    return succeeded(static_cast<NTSTATUS>(status));
}

} // namespace

} // namespace ww::wine

using namespace ww::wine;

void* ww_VirtualAlloc(void* address, size_t bytes, uint32_t type, uint32_t protect) noexcept {
    const KeepErrno keep;
    return succeeded(allocate_memory(address, bytes, type, protect)) ? address : nullptr;
}

// A release is of all or nothing, and says so by a size of 0. (MSDN)
int ww_VirtualFree(void* address, size_t bytes, uint32_t type) noexcept {
    const KeepErrno keep;
    return succeeded(type == MEM_RELEASE && bytes != 0 ? STATUS_INVALID_PARAMETER
                                                       : free_memory(address, bytes, type));
}

int ww_VirtualProtect(void* address, size_t bytes, uint32_t protect,
                      uint32_t* old_protect) noexcept {
    const KeepErrno keep;
    std::uint32_t old = 0;
    const bool done = succeeded(old_protect == nullptr
                                    ? STATUS_ACCESS_VIOLATION
                                    : protect_memory(address, bytes, protect, old));
    if (done)
        *old_protect = old;
    return done;
}

int ww_VirtualQuery(const void* address, ww_memory_information* information) noexcept {
    MemoryInformation found;
    if (!succeeded(query_memory(address, found)))
        return 0;
    const bool committed = found.protect != 0;
    *information = {found.region.base(),
                    found.allocation_base,
                    found.allocation_protect,
                    found.region.bytes,
                    committed ? MEM_COMMIT : MEM_RESERVE,
                    found.protect,
                    MEM_PRIVATE};
    return 1;
}

unsigned ww_GetWriteWatch(uint32_t flags, void* base, size_t bytes, void** addresses,
                          uintptr_t* count, uint32_t* granularity) noexcept {
    return succeeded(ww_wine_get_write_watch(flags, base, bytes, addresses, count, granularity))
               ? 0
               : ~0U;
}

unsigned ww_ResetWriteWatch(void* base, size_t bytes) noexcept {
    return succeeded(ww_wine_reset_write_watch(base, bytes)) ? 0 : ~0U;
}

uint32_t ww_GetLastError() noexcept {
    return last_error;
}

void ww_SetLastError(uint32_t error) noexcept {
    last_error = error;
}
