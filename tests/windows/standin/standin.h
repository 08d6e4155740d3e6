// SPDX-License-Identifier: MIT
// What a stand-in for Wine's ntdll.so offers: the system-call table, reached in
// the convention that it was compiled for, and a look behind it.
#pragma once

#include <win32.h>

#ifdef STANDIN_CONVENTION
#define STANDIN_CALL __attribute__((STANDIN_CONVENTION))
#else
#define STANDIN_CALL
#endif

namespace standin {

using namespace ww::wine;

// The order of the table is the stand-in's own, as every Wine has its own.
enum Number {
    kClose,
    kFree,
    kReset,
    kYield,
    kGet,
    kAllocateEx,
    kAllocate,
    kProtect,
    kRead,
    kSetInformation,
    kNumbers,
};

using Allocate = NTSTATUS(STANDIN_CALL*)(HANDLE, void**, ULONG_PTR, SIZE_T*, ULONG, ULONG);
using AllocateEx = NTSTATUS(STANDIN_CALL*)(HANDLE, void**, SIZE_T*, ULONG, ULONG, void*, ULONG);
using Free = NTSTATUS(STANDIN_CALL*)(HANDLE, void**, SIZE_T*, ULONG);
using Protect = NTSTATUS(STANDIN_CALL*)(HANDLE, void**, SIZE_T*, ULONG, ULONG*);
using Read = NTSTATUS(STANDIN_CALL*)(HANDLE, const void*, void*, SIZE_T, SIZE_T*);
using SetInformation = NTSTATUS(STANDIN_CALL*)(HANDLE, ULONG, void*, ULONG);
using Get = NTSTATUS(STANDIN_CALL*)(HANDLE, ULONG, void*, SIZE_T, void**, ULONG_PTR*, ULONG*);
using Reset = NTSTATUS(STANDIN_CALL*)(HANDLE, void*, SIZE_T);

// The granularity that the stand-in's own write watches answer with, to tell
// them from the plugin's.
inline constexpr ULONG kOwnGranularity = 0x51A2D;

// A real handle to this process, as another one would be opened.
inline HANDLE real_handle() {
    return reinterpret_cast<HANDLE>(std::intptr_t{0x40});
}

inline constexpr ULONG MEM_RESERVE_PLACEHOLDER = 0x00040000;
inline constexpr ULONG MEM_COALESCE_PLACEHOLDERS = 0x00000001;

// What the stand-in calls the protection before, whatever it was.
inline constexpr ULONG kProtectedBefore = 0x40;

// What the stand-in saw, and what it is told to do.
struct Control {
    void* const* table;
    ULONG last_type;            // of the last allocation that reached it
    std::size_t views;          // allocations that live
    std::size_t reads;          // of memory, that reached it
    NTSTATUS fail_next_release; // this status instead of a release, once
    // Called in the middle of a release, when the memory is gone.
    void (*after_unmapping)();
};

} // namespace standin
