// SPDX-License-Identifier: MIT
#include "hooks.h"

#include "memory_calls.h"
#include "originals.h"
#include "this_process.h"
#include "verify.h"
#include "write_exceptions.h"

#include <writewatch/wine.h>

namespace ww::wine {

namespace {

NTSTATUS status_of(ww_wine_status status) noexcept {
    return static_cast<NTSTATUS>(status);
}

constinit WriteExceptions write_exceptions;

// Memory of another process is allocated there by calls that pass no table:
// it is, and stays, Wine's own.
bool concerns_us(HANDLE process, ULONG type) noexcept {
    return (ww_wine_any() != 0 || (type & MEM_WRITE_WATCH) != 0) && is_this_process(process);
}

NTSTATUS on_NtAllocateVirtualMemory(HANDLE process, void** base, ULONG_PTR zero_bits, SIZE_T* size,
                                    ULONG type, ULONG protect) noexcept {
    if (!concerns_us(process, type))
        return original::NtAllocateVirtualMemory(process, base, zero_bits, size, type, protect);
    const bool may_watch = !write_exceptions.concern(protect);
    return allocate(process, {base, size}, type, may_watch, [&](Region& at, ULONG as) noexcept {
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
    const bool may_watch = !write_exceptions.concern(protect);
    return allocate(process, {base, size}, type, may_watch, [&](Region& at, ULONG as) noexcept {
        return original::NtAllocateVirtualMemoryEx(process, &at.base, &at.size, as, protect,
                                                   parameters, parameter_count);
    });
}

NTSTATUS on_NtFreeVirtualMemory(HANDLE process, void** base, SIZE_T* size, ULONG type) noexcept {
    if (!concerns_us(process, 0))
        return original::NtFreeVirtualMemory(process, base, size, type);
    return free(process, {base, size}, type);
}

NTSTATUS on_NtProtectVirtualMemory(HANDLE process, void** base, SIZE_T* size, ULONG protection,
                                   ULONG* before) noexcept {
    if (!concerns_us(process, 0))
        return original::NtProtectVirtualMemory(process, base, size, protection, before);
    return protect(process, {base, size}, protection, before);
}

NTSTATUS on_NtReadVirtualMemory(HANDLE process, const void* from, void* to, SIZE_T size,
                                SIZE_T* read) noexcept {
    if (ww_wine_any() == 0 || (ww_wine_overlaps(to, size) == 0 && !leaves_user_space(to, size)))
        return original::NtReadVirtualMemory(process, from, to, size, read);
    return read_memory(process, from, to, size, read);
}

NTSTATUS on_NtSetInformationProcess(HANDLE process, ULONG information_class, void* information,
                                    ULONG size) noexcept {
    const NTSTATUS status =
        original::NtSetInformationProcess(process, information_class, information, size);
    if (status == STATUS_SUCCESS)
        write_exceptions.process_set(information_class, information, size);
    return status;
}

// As in Wine the process does not matter here, nor in the reset. Both ask us first,
// which looks the range up once: what we refuse as not ours Wine judges again, by
// the same rules in the same order.
NTSTATUS on_NtGetWriteWatch(HANDLE process, ULONG flags, void* base, SIZE_T size, void** addresses,
                            ULONG_PTR* count, ULONG* granularity) noexcept {
    if (verifier.active() && ww_wine_watched(base, size) != 0)
        return verifier.query(flags, base, size, addresses, count, granularity);
    const NTSTATUS status =
        status_of(ww_wine_get_write_watch(flags, base, size, addresses, count, granularity));
    if (status != STATUS_INVALID_PARAMETER)
        return status;
    return original::NtGetWriteWatch(process, flags, base, size, addresses, count, granularity);
}

NTSTATUS on_NtResetWriteWatch(HANDLE process, void* base, SIZE_T size) noexcept {
    if (verifier.active() && ww_wine_watched(base, size) != 0)
        return verifier.reset(base, size);
    const NTSTATUS status = status_of(ww_wine_reset_write_watch(base, size));
    if (status != STATUS_INVALID_PARAMETER)
        return status;
    return original::NtResetWriteWatch(process, base, size);
}

// Wine's dispatcher does not promise an aligned stack: its own functions align
// theirs, too.
#define WW_ENTRY(convention, attribute, name, parameters, arguments)                               \
    attribute __attribute__((force_align_arg_pointer))                                             \
    NTSTATUS convention##_##name parameters noexcept {                                             \
        return on_##name arguments;                                                                \
    }
#define WW_ENTRIES(...) WW_CONVENTIONS(WW_ENTRY, __VA_ARGS__)
WW_HOOKED_CALLS(WW_ENTRIES)
#undef WW_ENTRIES
#undef WW_ENTRY

} // namespace

void get_hooks(void* (&hooks)[kHookedCalls], Convention in) noexcept {
#define WW_HOOK(convention, attribute, name, parameters, arguments)                                \
    if (in == Convention::convention)                                                              \
        hooks[k##name] = reinterpret_cast<void*>(convention##_##name);
#define WW_HOOKS(...) WW_CONVENTIONS(WW_HOOK, __VA_ARGS__)
    WW_HOOKED_CALLS(WW_HOOKS)
#undef WW_HOOKS
#undef WW_HOOK
}

} // namespace ww::wine
