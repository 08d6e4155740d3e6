// SPDX-License-Identifier: MIT
// Windows' virtual memory of this process: the native calls, without the handle.
#pragma once

#include "page_range.h"
#include "win32.h"

namespace ww::wine {

// As NtAllocateVirtualMemory, NtFreeVirtualMemory and NtProtectVirtualMemory:
// base and size become those of the pages, on success only.
NTSTATUS allocate_memory(void*& base, SIZE_T& size, ULONG type, ULONG protect) noexcept;
NTSTATUS free_memory(void*& base, SIZE_T& size, ULONG type) noexcept;
NTSTATUS protect_memory(void*& base, SIZE_T& size, ULONG protect, ULONG& old_protect) noexcept;

// The pages from that of an address on that are alike.
struct MemoryInformation {
    PageRange region;
    void* allocation_base;
    ULONG allocation_protect;
    ULONG protect; // 0 where they are reserved only
};
NTSTATUS query_memory(const void* address, MemoryInformation& information) noexcept;

} // namespace ww::wine
