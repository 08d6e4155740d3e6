// SPDX-License-Identifier: MIT
// The Windows types, flags and status codes that write watches are spoken in.
// Fixed width: a DWORD is 32 bits here as there, and never an unsigned long.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ww::wine {

using ULONG = std::uint32_t;
using NTSTATUS = std::uint32_t;
using SIZE_T = std::size_t;
using ULONG_PTR = std::uintptr_t;
using HANDLE = void*;

inline constexpr ULONG MEM_COMMIT = 0x00001000;
inline constexpr ULONG MEM_RESERVE = 0x00002000;
inline constexpr ULONG MEM_REPLACE_PLACEHOLDER = 0x00004000; // of an allocation
inline constexpr ULONG MEM_DECOMMIT = 0x00004000;            // of a free
inline constexpr ULONG MEM_RELEASE = 0x00008000;
inline constexpr ULONG MEM_PRESERVE_PLACEHOLDER = 0x00000002;
inline constexpr ULONG MEM_RESET = 0x00080000;
inline constexpr ULONG MEM_TOP_DOWN = 0x00100000;
inline constexpr ULONG MEM_WRITE_WATCH = 0x00200000;

inline constexpr ULONG WRITE_WATCH_FLAG_RESET = 1;

inline constexpr NTSTATUS STATUS_SUCCESS = 0x00000000;
inline constexpr NTSTATUS STATUS_PARTIAL_COPY = 0x8000000D;
inline constexpr NTSTATUS STATUS_ACCESS_VIOLATION = 0xC0000005;
inline constexpr NTSTATUS STATUS_INVALID_PARAMETER = 0xC000000D;
inline constexpr NTSTATUS STATUS_NO_MEMORY = 0xC0000017;
inline constexpr NTSTATUS STATUS_CONFLICTING_ADDRESSES = 0xC0000018;
inline constexpr NTSTATUS STATUS_NOT_MAPPED_VIEW = 0xC0000019;
inline constexpr NTSTATUS STATUS_ACCESS_DENIED = 0xC0000022;
inline constexpr NTSTATUS STATUS_NOT_SUPPORTED = 0xC00000BB;
inline constexpr NTSTATUS STATUS_INTERNAL_ERROR = 0xC00000E5;
inline constexpr NTSTATUS STATUS_TOO_MANY_OPENED_FILES = 0xC000011F;

} // namespace ww::wine
