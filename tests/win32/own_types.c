/* SPDX-License-Identifier: MIT */
/* Ports that brought some of Windows with them: types of other widths and a
 * constant or two of their own, or functions of their own. Compiled, that is all. */
#ifdef OWN_FUNCTIONS
#define WRITEWATCH_WIN32_PREFIXED
#include <writewatch/win32.h>
typedef unsigned long DWORD;
enum { MEM_COMMIT = 0x1000 };
void *VirtualAlloc(void *address, unsigned long bytes, DWORD type, DWORD protect);
void *VirtualAlloc(void *address, unsigned long bytes, DWORD type, DWORD protect) {
    return ww_VirtualAlloc(address, bytes, (uint32_t)type, (uint32_t)protect);
}
#else
typedef unsigned long DWORD;
typedef char BOOL;
typedef unsigned UINT;
typedef void *PVOID, *LPVOID;
typedef unsigned long SIZE_T, ULONG_PTR;
typedef struct {
    PVOID BaseAddress, AllocationBase;
    DWORD AllocationProtect;
    SIZE_T RegionSize;
    DWORD State, Protect, Type;
} MEMORY_BASIC_INFORMATION;
#define MEM_WRITE_WATCH 0x00200000
#define WRITEWATCH_WIN32_NO_TYPES
#include <writewatch/win32.h>
DWORD granularity_of_watched(void);
DWORD granularity_of_watched(void) {
    LPVOID const base = VirtualAlloc(0, 1, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE);
    PVOID found[1];
    ULONG_PTR count = 1;
    DWORD granularity = ~0UL; /* all of its bytes have to be stored */
    GetWriteWatch(WRITE_WATCH_FLAG_RESET, base, 1, found, &count, &granularity);
    VirtualFree(base, 0, MEM_RELEASE);
    return granularity;
}
#endif
