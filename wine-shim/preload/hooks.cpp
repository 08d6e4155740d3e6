// SPDX-License-Identifier: MIT
#include "hooks.h"

#include "memory_calls.h"
#include "originals.h"
#include "write_watches.h"

namespace ww::wine {

namespace {

// Lives as long as the process: Wine's threads call until the very end.
constinit WriteWatches watches;

// Memory of another process is allocated there by calls that pass no table:
// it is, and stays, Wine's own.
bool concerns_us(HANDLE process, ULONG type) noexcept {
    return is_current_process(process) && (watches.any() || (type & MEM_WRITE_WATCH) != 0);
}

NTSTATUS on_NtAllocateVirtualMemory(HANDLE process, void** base, ULONG_PTR zero_bits, SIZE_T* size,
                                    ULONG type, ULONG protect) noexcept {
    if (!concerns_us(process, type))
        return original::NtAllocateVirtualMemory(process, base, zero_bits, size, type, protect);
    return allocate(watches, process, {base, size}, type, [&](Region& at, ULONG as) noexcept {
        return original::NtAllocateVirtualMemory(process, &at.base, zero_bits, &at.size, as,
                                                 protect);
    });
}

NTSTATUS on_NtAllocateVirtualMemoryEx(HANDLE process, void** base, SIZE_T* size, ULONG type,
                                      ULONG protect, void* parameters,
                                      ULONG parameter_count) noexcept {
    if (!concerns_us(process, type))
        return original::NtAllocateVirtualMemoryEx(process, base, size, type, protect, parameters,
                                                   parameter_count);
    return allocate(watches, process, {base, size}, type, [&](Region& at, ULONG as) noexcept {
        return original::NtAllocateVirtualMemoryEx(process, &at.base, &at.size, as, protect,
                                                   parameters, parameter_count);
    });
}

NTSTATUS on_NtFreeVirtualMemory(HANDLE process, void** base, SIZE_T* size, ULONG type) noexcept {
    if (!concerns_us(process, 0))
        return original::NtFreeVirtualMemory(process, base, size, type);
    return free(watches, process, {base, size}, type);
}

// As in Wine the process does not matter here, nor in the reset.
NTSTATUS on_NtGetWriteWatch(HANDLE process, ULONG flags, void* base, SIZE_T size, void** addresses,
                            ULONG_PTR* count, ULONG* granularity) noexcept {
    const PageRange range = PageRange::around(base, size);
    if (!watches.covers(range))
        return original::NtGetWriteWatch(process, flags, base, size, addresses, count, granularity);
    return watches.query(range, flags, addresses, count, granularity);
}

NTSTATUS on_NtResetWriteWatch(HANDLE process, void* base, SIZE_T size) noexcept {
    const PageRange range = PageRange::around(base, size);
    if (!watches.covers(range))
        return original::NtResetWriteWatch(process, base, size);
    return watches.reset(range);
}

// Wine's dispatcher does not promise an aligned stack: its own functions align
// theirs, too.
#define WW_ENTRIES(name, parameters, arguments)                                                    \
    [[gnu::ms_abi, gnu::force_align_arg_pointer]] NTSTATUS ms_abi_##name parameters noexcept {     \
        return on_##name arguments;                                                                \
    }                                                                                              \
    [[gnu::force_align_arg_pointer]] NTSTATUS sysv_##name parameters noexcept {                    \
        return on_##name arguments;                                                                \
    }
WW_HOOKED_CALLS(WW_ENTRIES)
#undef WW_ENTRIES

} // namespace

void get_hooks(void* (&hooks)[kHookedCalls], Convention convention) noexcept {
    const bool ms_abi = convention == Convention::ms_abi;
#define WW_HOOK(name, parameters, arguments)                                                       \
    hooks[k##name] =                                                                               \
        ms_abi ? reinterpret_cast<void*>(ms_abi_##name) : reinterpret_cast<void*>(sysv_##name);
    WW_HOOKED_CALLS(WW_HOOK)
#undef WW_HOOK
}

} // namespace ww::wine
