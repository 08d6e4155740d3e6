// SPDX-License-Identifier: MIT
// The one list of Wine's system calls that are taken over. Declarations,
// lookups and both conventions' entries are generated from it.
#pragma once

#include "win32.h"

// X(name, parameters, arguments)
//
// One that is only called, where ntdll.so has it:
#define WW_HELPER_CALLS(X) X(NtCompareObjects, (HANDLE first, HANDLE second), (first, second))
#define WW_HOOKED_CALLS(X)                                                                         \
    X(NtAllocateVirtualMemory,                                                                     \
      (HANDLE process, void** base, ULONG_PTR zero_bits, SIZE_T* size, ULONG type, ULONG protect), \
      (process, base, zero_bits, size, type, protect))                                             \
    X(NtAllocateVirtualMemoryEx,                                                                   \
      (HANDLE process, void** base, SIZE_T* size, ULONG type, ULONG protect, void* parameters,     \
       ULONG parameter_count),                                                                     \
      (process, base, size, type, protect, parameters, parameter_count))                           \
    X(NtFreeVirtualMemory, (HANDLE process, void** base, SIZE_T* size, ULONG type),                \
      (process, base, size, type))                                                                 \
    X(NtProtectVirtualMemory,                                                                      \
      (HANDLE process, void** base, SIZE_T* size, ULONG protect, ULONG* before),                   \
      (process, base, size, protect, before))                                                      \
    X(NtReadVirtualMemory,                                                                         \
      (HANDLE process, const void* from, void* to, SIZE_T size, SIZE_T* read),                     \
      (process, from, to, size, read))                                                             \
    X(NtSetInformationProcess,                                                                     \
      (HANDLE process, ULONG information_class, void* information, ULONG size),                    \
      (process, information_class, information, size))                                             \
    X(NtGetWriteWatch,                                                                             \
      (HANDLE process, ULONG flags, void* base, SIZE_T size, void** addresses, ULONG_PTR* count,   \
       ULONG* granularity),                                                                        \
      (process, flags, base, size, addresses, count, granularity))                                 \
    X(NtResetWriteWatch, (HANDLE process, void* base, SIZE_T size), (process, base, size))

namespace ww::wine {

enum HookedCall : std::size_t {
#define WW_NUMBER(name, parameters, arguments) k##name,
    WW_HOOKED_CALLS(WW_NUMBER)
#undef WW_NUMBER
        kHookedCalls
};

enum HelperCall : std::size_t {
#define WW_NUMBER(name, parameters, arguments) k##name,
    WW_HELPER_CALLS(WW_NUMBER)
#undef WW_NUMBER
        kHelperCalls
};

inline constexpr const char* kHelperNames[kHelperCalls] = {
#define WW_NAME(name, parameters, arguments) #name,
    WW_HELPER_CALLS(WW_NAME)
#undef WW_NAME
};

inline constexpr const char* kHookedNames[kHookedCalls] = {
#define WW_NAME(name, parameters, arguments) #name,
    WW_HOOKED_CALLS(WW_NAME)
#undef WW_NAME
};

} // namespace ww::wine
