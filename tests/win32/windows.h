// SPDX-License-Identifier: MIT
// In the place of Windows' own header, for those cases of the Windows suite that
// ask about memory alone: write watches from the library for ports, and the few
// other calls that those cases make, by means of C++.
#pragma once

#include <writewatch/win32.h>

#define WINAPI
#define NTAPI
#define CALLBACK
#define TRUE 1
#define FALSE 0
#define INFINITE 0xffffffffU
#define WAIT_OBJECT_0 0U
#define STATUS_ACCESS_VIOLATION 0xC0000005U
#define STATUS_INVALID_PARAMETER 0xC000000DU
#define INVALID_HANDLE_VALUE (reinterpret_cast<HANDLE>(~uintptr_t{0}))
#define FILE_MAP_ALL_ACCESS 0xf001fU

using HANDLE = void*;
using HMODULE = void*;
using FARPROC = long (*)();
using LPTHREAD_START_ROUTINE = DWORD (*)(void*);
struct LARGE_INTEGER {
    long long QuadPart;
};

HANDLE CreateThread(void* attributes, SIZE_T stack_bytes, LPTHREAD_START_ROUTINE start,
                    void* argument, DWORD flags, DWORD* id);
DWORD WaitForMultipleObjects(DWORD count, const HANDLE* threads, BOOL all, DWORD milliseconds);
BOOL CloseHandle(HANDLE handle);

// The native calls are those behind the library.
HANDLE GetCurrentProcess();
void* VirtualAllocEx(HANDLE process, void* base, SIZE_T bytes, DWORD type, DWORD protect);
HMODULE GetModuleHandleA(const char* module);
FARPROC GetProcAddress(HMODULE module, const char* name);

// A section is a number of bytes.
HANDLE CreateFileMappingA(HANDLE file, void* attributes, DWORD protect, DWORD high, DWORD low,
                          const char* name);
void* MapViewOfFile(HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T bytes);
BOOL UnmapViewOfFile(void* view);
