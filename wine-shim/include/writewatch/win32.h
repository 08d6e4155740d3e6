/* SPDX-License-Identifier: MIT
 *
 * Windows' virtual memory with write watches, for a Windows program that is
 * ported to Linux: VirtualAlloc, VirtualFree, VirtualProtect, VirtualQuery,
 * GetWriteWatch, ResetWriteWatch, GetLastError and SetLastError, with Windows'
 * signatures, constants and rules. Link with -lwritewatch-win32.
 *
 * Names     By default this header declares all of it under Windows' names. If
 *           the program has some of them itself, define before including
 *             WRITEWATCH_WIN32_NO_TYPES  DWORD, BOOL and the like, as well as
 *                                        MEMORY_BASIC_INFORMATION, are yours,
 *                                        of whatever width
 *             WRITEWATCH_WIN32_PREFIXED  nothing but the functions ww_*(), in
 *                                        types of C: call them from your own
 *           Constants that are defined already are left alone.
 * Rules     Windows': reservations on 64 KiB, pages of 4 KiB, commit, decommit
 *           and release, old protections, which pages count as written, and the
 *           last error (MSDN on each function; Wine's kernel32/tests/virtual.c
 *           for what MSDN does not say).
 * Differs   - PAGE_GUARD is refused with ERROR_NOT_SUPPORTED: there are no
 *             exceptions here to raise.
 *           - A pointer that cannot be used is a SIGSEGV, as anywhere in a Linux
 *             program, and not ERROR_NOACCESS, unless it is NULL. Nothing is
 *             held then, and nothing was reset.
 *           - Committed memory is counted when it is touched: a commit does not
 *             fail because memory is short.
 *           - MEM_RESET keeps the contents, MEM_TOP_DOWN, PAGE_NOCACHE and
 *             PAGE_WRITECOMBINE are accepted and do nothing. MEM_PHYSICAL,
 *             MEM_LARGE_PAGES, MEM_RESET_UNDO and placeholders are refused.
 *           - Memory from elsewhere (malloc, mmap, the stack) is unknown here:
 *             ERROR_INVALID_ADDRESS, or as Windows says for what is not watched.
 * Needs     Linux 6.7 for MEM_WRITE_WATCH: elsewhere such an allocation fails
 *           with ERROR_NOT_SUPPORTED, and all the rest works.
 * Threads   Any function, any thread. Allocating, freeing, protecting and
 *           querying protections take a mutex, and use malloc; the write watches
 *           and the last error, which is one a thread, take none and may be used
 *           in signal handlers. errno is kept.
 * Fork      The child has the memory, but no watches (writewatch/writewatch.h).
 */
#ifndef WRITEWATCH_WIN32_H
#define WRITEWATCH_WIN32_H

#include <stddef.h>
#include <stdint.h>

#ifndef WW_EXPORT
#define WW_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define WW_WIN32_NOEXCEPT noexcept
extern "C" {
#else
#define WW_WIN32_NOEXCEPT
#endif

/* ---- The functions, in types of C ------------------------------------------ */

/* NULL on failure. */
WW_EXPORT void *ww_VirtualAlloc(void *address, size_t bytes, uint32_t type,
                                uint32_t protect) WW_WIN32_NOEXCEPT;

/* True or false, as the two below. */
WW_EXPORT int ww_VirtualFree(void *address, size_t bytes, uint32_t type) WW_WIN32_NOEXCEPT;

WW_EXPORT int ww_VirtualProtect(void *address, size_t bytes, uint32_t protect,
                                uint32_t *old_protect) WW_WIN32_NOEXCEPT;

/* As MEMORY_BASIC_INFORMATION. */
struct ww_memory_information {
    void *base_address;
    void *allocation_base;
    uint32_t allocation_protect;
    size_t region_bytes;
    uint32_t state;
    uint32_t protect;
    uint32_t type;
};
WW_EXPORT int ww_VirtualQuery(const void *address,
                              struct ww_memory_information *information) WW_WIN32_NOEXCEPT;

/* 0, or ~0 on failure. */
WW_EXPORT unsigned ww_GetWriteWatch(uint32_t flags, void *base, size_t bytes, void **addresses,
                                    uintptr_t *count, uint32_t *granularity) WW_WIN32_NOEXCEPT;
WW_EXPORT unsigned ww_ResetWriteWatch(void *base, size_t bytes) WW_WIN32_NOEXCEPT;

/* Of the functions above that failed in this thread, or as it was set. */
WW_EXPORT uint32_t ww_GetLastError(void) WW_WIN32_NOEXCEPT;
WW_EXPORT void ww_SetLastError(uint32_t error) WW_WIN32_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#ifndef WRITEWATCH_WIN32_PREFIXED

/* ---- Constants --------------------------------------------------------------- */

#ifndef MEM_COMMIT
#define MEM_COMMIT 0x00001000
#define MEM_RESERVE 0x00002000
#define MEM_DECOMMIT 0x00004000
#define MEM_RELEASE 0x00008000
#define MEM_FREE 0x00010000
#define MEM_PRIVATE 0x00020000
#define MEM_RESET 0x00080000
#define MEM_TOP_DOWN 0x00100000
#endif
#ifndef MEM_WRITE_WATCH
#define MEM_WRITE_WATCH 0x00200000
#endif
#ifndef MEM_PHYSICAL
#define MEM_PHYSICAL 0x00400000
#define MEM_RESET_UNDO 0x01000000
#define MEM_LARGE_PAGES 0x20000000
#endif
#ifndef WRITE_WATCH_FLAG_RESET
#define WRITE_WATCH_FLAG_RESET 1
#endif

#ifndef PAGE_READWRITE
#define PAGE_NOACCESS 0x01
#define PAGE_READONLY 0x02
#define PAGE_READWRITE 0x04
#define PAGE_WRITECOPY 0x08
#define PAGE_EXECUTE 0x10
#define PAGE_EXECUTE_READ 0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_EXECUTE_WRITECOPY 0x80
#define PAGE_GUARD 0x100
#define PAGE_NOCACHE 0x200
#define PAGE_WRITECOMBINE 0x400
#endif

#ifndef ERROR_SUCCESS
#define ERROR_SUCCESS 0L
#endif
#ifndef ERROR_INVALID_PARAMETER
#define ERROR_TOO_MANY_OPEN_FILES 4L
#define ERROR_ACCESS_DENIED 5L
#define ERROR_NOT_ENOUGH_MEMORY 8L
#define ERROR_NOT_SUPPORTED 50L
#define ERROR_INVALID_PARAMETER 87L
#define ERROR_INVALID_ADDRESS 487L
#define ERROR_NOACCESS 998L
#define ERROR_INTERNAL_ERROR 1359L
#endif

/* ---- Types ---------------------------------------------------------------------- */

#ifndef WRITEWATCH_WIN32_NO_TYPES
typedef int BOOL;
typedef unsigned UINT;
typedef uint32_t DWORD, ULONG, *LPDWORD, *PDWORD;
typedef void *LPVOID, *PVOID;
typedef const void *LPCVOID;
typedef size_t SIZE_T;
typedef uintptr_t ULONG_PTR, *PULONG_PTR;
typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    DWORD AllocationProtect;
    SIZE_T RegionSize;
    DWORD State;
    DWORD Protect;
    DWORD Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;
#endif

/* ---- Windows' names. A program's DWORD may have another width ------------------ */

static inline LPVOID VirtualAlloc(LPVOID address, SIZE_T bytes, DWORD type, DWORD protect) {
    return ww_VirtualAlloc(address, bytes, (uint32_t)type, (uint32_t)protect);
}

static inline BOOL VirtualFree(LPVOID address, SIZE_T bytes, DWORD type) {
    return (BOOL)ww_VirtualFree(address, bytes, (uint32_t)type);
}

static inline BOOL VirtualProtect(LPVOID address, SIZE_T bytes, DWORD protect,
                                  DWORD *old_protect) {
    uint32_t old = 0;
    const int done =
        ww_VirtualProtect(address, bytes, (uint32_t)protect, old_protect ? &old : NULL);
    if (done)
        *old_protect = old;
    return (BOOL)done;
}

static inline SIZE_T VirtualQuery(const void *address, MEMORY_BASIC_INFORMATION *information,
                                  SIZE_T bytes) {
    struct ww_memory_information found;
    if (bytes < sizeof(*information)) {
        ww_SetLastError(24 /* ERROR_BAD_LENGTH */);
        return 0;
    }
    if (!ww_VirtualQuery(address, &found))
        return 0;
    information->BaseAddress = found.base_address;
    information->AllocationBase = found.allocation_base;
    information->AllocationProtect = found.allocation_protect;
    information->RegionSize = found.region_bytes;
    information->State = found.state;
    information->Protect = found.protect;
    information->Type = found.type;
    return sizeof(*information);
}

static inline UINT GetWriteWatch(DWORD flags, PVOID base, SIZE_T bytes, PVOID *addresses,
                                 ULONG_PTR *count, DWORD *granularity) {
    uint32_t page_bytes = 0;
    unsigned failed;
    if (sizeof(DWORD) == sizeof(uint32_t)) /* so that it can be probed, as Windows does */
        return (UINT)ww_GetWriteWatch((uint32_t)flags, base, bytes, addresses,
                                      (uintptr_t *)count, (uint32_t *)(void *)granularity);
    failed = ww_GetWriteWatch((uint32_t)flags, base, bytes, addresses, (uintptr_t *)count,
                              granularity ? &page_bytes : NULL);
    if (!failed)
        *granularity = page_bytes;
    return (UINT)failed;
}

static inline UINT ResetWriteWatch(LPVOID base, SIZE_T bytes) {
    return (UINT)ww_ResetWriteWatch(base, bytes);
}

static inline DWORD GetLastError(void) {
    return ww_GetLastError();
}

static inline void SetLastError(DWORD error) {
    ww_SetLastError((uint32_t)error);
}

#endif /* WRITEWATCH_WIN32_PREFIXED */

#endif
