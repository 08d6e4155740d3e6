// SPDX-License-Identifier: MIT
// The constants of Windows that only native calls need.
#pragma once

#include "win32.h"

namespace ww::wine {

// Where a reservation may begin. (MSDN: GetSystemInfo)
inline constexpr SIZE_T kReserveGranularity = 0x10000;

inline constexpr ULONG MEM_PRIVATE = 0x00020000;

inline constexpr ULONG PAGE_NOACCESS = 0x01;
inline constexpr ULONG PAGE_READONLY = 0x02;
inline constexpr ULONG PAGE_READWRITE = 0x04;
inline constexpr ULONG PAGE_EXECUTE = 0x10;
inline constexpr ULONG PAGE_EXECUTE_READ = 0x20;
inline constexpr ULONG PAGE_EXECUTE_READWRITE = 0x40;
inline constexpr ULONG PAGE_GUARD = 0x100;
inline constexpr ULONG PAGE_NOCACHE = 0x200;
inline constexpr ULONG PAGE_WRITECOMBINE = 0x400;

inline constexpr NTSTATUS STATUS_UNABLE_TO_FREE_VM = 0xC000001A;
inline constexpr NTSTATUS STATUS_NOT_COMMITTED = 0xC000002D;
inline constexpr NTSTATUS STATUS_INVALID_PAGE_PROTECTION = 0xC0000045;
inline constexpr NTSTATUS STATUS_FREE_VM_NOT_AT_BASE = 0xC000009F;
inline constexpr NTSTATUS STATUS_MEMORY_NOT_ALLOCATED = 0xC00000A0;

inline constexpr std::uint32_t ERROR_TOO_MANY_OPEN_FILES = 4;
inline constexpr std::uint32_t ERROR_ACCESS_DENIED = 5;
inline constexpr std::uint32_t ERROR_NOT_ENOUGH_MEMORY = 8;
inline constexpr std::uint32_t ERROR_NOT_SUPPORTED = 50;
inline constexpr std::uint32_t ERROR_INVALID_PARAMETER = 87;
inline constexpr std::uint32_t ERROR_INVALID_ADDRESS = 487;
inline constexpr std::uint32_t ERROR_NOACCESS = 998;
inline constexpr std::uint32_t ERROR_INTERNAL_ERROR = 1359;

} // namespace ww::wine
