// SPDX-License-Identifier: MIT
// First: behind Windows' header, names of constants would be macros.
#include <native/virtual_memory.h>
#include <writewatch/wine.h>

#include "windows.h"

#include <cstring>
#include <thread>

#include <sys/mman.h>

extern "C" const char __ehdr_start; // of this program's image

namespace {

// ---- Threads: joined when they are waited for --------------------------------

std::thread* as_thread(HANDLE handle) {
    return static_cast<std::thread*>(handle);
}

// ---- The native calls -----------------------------------------------------------

// No limit on addresses can be asked for.
DWORD allocate(HANDLE, void** base, ULONG_PTR zero_bits, SIZE_T* bytes, ULONG type,
               ULONG protect) {
    constexpr DWORD invalid_parameter_3 = 0xC00000F1;
    return zero_bits != 0 
               ? invalid_parameter_3
               : ww::wine::allocate_memory(*base, *bytes, type, protect);
}

DWORD free_memory(HANDLE, void** base, SIZE_T* bytes, ULONG type) {
    return ww::wine::free_memory(*base, *bytes, type);
}

DWORD get(HANDLE, ULONG flags, void* base, SIZE_T bytes, void** addresses, ULONG_PTR* count,
          ULONG* granularity) {
    return static_cast<DWORD>(
        ww_wine_get_write_watch(flags, base, bytes, addresses, count, granularity));
}

DWORD reset(HANDLE, void* base, SIZE_T bytes) {
    return static_cast<DWORD>(ww_wine_reset_write_watch(base, bytes));
}

DWORD query_system_time(LARGE_INTEGER* time) {
    time->QuadPart = 0;
    return 0;
}

template<class Function>
FARPROC address_of(Function* function) {
    return reinterpret_cast<FARPROC>(reinterpret_cast<void*>(function));
}

struct Procedure {
    const char* name;
    FARPROC function;
};

const Procedure procedures[] = {
    {"NtAllocateVirtualMemory", address_of(allocate)},
    {"NtFreeVirtualMemory", address_of(free_memory)},
    {"NtGetWriteWatch", address_of(get)},
    {"NtResetWriteWatch", address_of(reset)},
    {"NtQuerySystemTime", address_of(query_system_time)},
};

SIZE_T section_bytes;

} // namespace

HANDLE CreateThread(void*, SIZE_T, LPTHREAD_START_ROUTINE start, void* argument, DWORD, DWORD*) {
    return new std::thread([=] { start(argument); });
}

DWORD WaitForMultipleObjects(DWORD count, const HANDLE* threads, BOOL, DWORD) {
    for (const HANDLE* handle = threads; handle < threads + count; ++handle)
        as_thread(*handle)->join();
    return WAIT_OBJECT_0;
}

BOOL CloseHandle(HANDLE handle) {
    if (handle != &section_bytes)
        delete as_thread(handle);
    return TRUE;
}

HANDLE GetCurrentProcess() {
    return INVALID_HANDLE_VALUE;
}

void* VirtualAllocEx(HANDLE, void* base, SIZE_T bytes, DWORD type, DWORD protect) {
    return VirtualAlloc(base, bytes, type, protect);
}

HMODULE GetModuleHandleA(const char*) {
    return const_cast<char*>(&__ehdr_start);
}

FARPROC GetProcAddress(HMODULE, const char* name) {
    for (const Procedure& procedure : procedures) {
        if (std::strcmp(procedure.name, name) == 0)
            return procedure.function;
    }
    return nullptr;
}

HANDLE CreateFileMappingA(HANDLE, void*, DWORD, DWORD, DWORD low, const char*) {
    section_bytes = low;
    return &section_bytes;
}

void* MapViewOfFile(HANDLE, DWORD, DWORD, DWORD, SIZE_T) {
    void* const view = ::mmap(nullptr, section_bytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return view == MAP_FAILED ? nullptr : view;
}

BOOL UnmapViewOfFile(void* view) {
    return ::munmap(view, section_bytes) == 0;
}
