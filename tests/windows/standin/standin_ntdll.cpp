// SPDX-License-Identifier: MIT
// A stand-in for Wine's ntdll.so: the same shape for a plugin that takes over
// (functions exported, the table not, in read-only relocated data, bound
// symbolically) and the same checks in the same order, on plain mappings.
#include "standin.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

using namespace standin;

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

constexpr NTSTATUS kInvalidHandle = 0xC0000008;
constexpr NTSTATUS kNotSameObject = 0xC00001AC;
constexpr NTSTATUS kInvalidParameter3 = 0xC00000F1;
constexpr NTSTATUS kInvalidPageProtection = 0xC0000045;
constexpr NTSTATUS kNotAtBase = 0xC000009F;
constexpr NTSTATUS kMemoryNotAllocated = 0xC00000A0;
constexpr ULONG kNoAccess = 0x01;
constexpr ULONG kWriteCopy = 0x08;
constexpr std::uintptr_t kPage = 4096;
constexpr std::uintptr_t kReserveUnit = 65536;
constexpr std::uintptr_t kAddressesEnd =
    sizeof(void*) == 8 ? std::uintptr_t{0x7fffffff} << 16 : ~std::uintptr_t{0xffff};

struct View {
    std::uintptr_t base;
    SIZE_T size;
    bool write_watch;
    bool placeholder = false;

    bool is(std::uintptr_t at, SIZE_T bytes) const { return at == base && bytes == size; }
};

std::vector<View> views;
Control control;

View* find_view(std::uintptr_t base, SIZE_T size) {
    for (View& view : views) {
        if (base >= view.base && base - view.base < view.size)
            return view.base + view.size - base >= size ? &view : nullptr;
    }
    return nullptr;
}

bool overlaps_view(std::uintptr_t base, SIZE_T size) {
    for (const View& view : views) {
        if (base < view.base + view.size && view.base < base + size)
            return true;
    }
    return false;
}

bool is_this_process(HANDLE process) {
    return reinterpret_cast<std::intptr_t>(process) == -1 || process == real_handle();
}

int unix_protection(ULONG protect) {
    return protect == 1 ? PROT_NONE : protect == 2 ? PROT_READ : PROT_READ | PROT_WRITE;
}

bool map(std::uintptr_t& base, SIZE_T size, int protection, int flags) {
    void* memory = mmap(reinterpret_cast<void*>(base), size, protection,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
    base = reinterpret_cast<std::uintptr_t>(memory);
    return memory != MAP_FAILED;
}

// An address on Windows' boundary with room for `size`; nobody else maps here.
std::uintptr_t find_place(SIZE_T size) {
    std::uintptr_t base = 0;
    if (!map(base, size + kReserveUnit, PROT_NONE, 0))
        return 0;
    munmap(reinterpret_cast<void*>(base), size + kReserveUnit);
    return (base + kReserveUnit - 1) & ~(kReserveUnit - 1);
}

NTSTATUS replace_placeholder(std::uintptr_t base, SIZE_T size, ULONG type, ULONG protect) {
    View* view = find_view(base, size);
    if (view == nullptr || !view->placeholder || !view->is(base, size))
        return STATUS_CONFLICTING_ADDRESSES;
    const int protection = (type & MEM_COMMIT) != 0 ? unix_protection(protect) : PROT_NONE;
    if (!map(base, size, protection, MAP_FIXED))
        return STATUS_NO_MEMORY;
    *view = {base, size, (type & MEM_WRITE_WATCH) != 0};
    return STATUS_SUCCESS;
}

NTSTATUS reserve(std::uintptr_t& base, SIZE_T size, ULONG type, ULONG protect) {
    if (protect == kWriteCopy)
        return kInvalidPageProtection;
    if ((type & MEM_REPLACE_PLACEHOLDER) != 0)
        return replace_placeholder(base, size, type, protect);
    if (base != 0 && overlaps_view(base, size))
        return STATUS_CONFLICTING_ADDRESSES;
    const int protection = (type & MEM_COMMIT) != 0 ? unix_protection(protect) : PROT_NONE;
    if (base == 0)
        base = find_place(size);
    if (!map(base, size, protection, MAP_FIXED_NOREPLACE))
        return STATUS_NO_MEMORY;
    views.push_back(
        {base, size, (type & MEM_WRITE_WATCH) != 0, (type & MEM_RESERVE_PLACEHOLDER) != 0});
    control.views = views.size();
    return STATUS_SUCCESS;
}

NTSTATUS allocate(void** ret, SIZE_T* size_ptr, ULONG type, ULONG protect) {
    const auto asked = reinterpret_cast<std::uintptr_t>(*ret);
    const bool on_unit = (type & MEM_RESERVE) != 0 && (type & MEM_REPLACE_PLACEHOLDER) == 0;
    std::uintptr_t base = asked & ~((on_unit ? kReserveUnit : kPage) - 1);
    const SIZE_T size = ((asked + *size_ptr + kPage - 1) & ~(kPage - 1)) - base;
    if (asked != 0 && (base < 0x10000 || base + size < base || base + size > kAddressesEnd))
        return STATUS_INVALID_PARAMETER;
    if ((type & (MEM_COMMIT | MEM_RESERVE | MEM_RESET)) == 0)
        return STATUS_INVALID_PARAMETER;

    NTSTATUS status = STATUS_SUCCESS;
    if ((type & MEM_RESERVE) != 0 || base == 0)
        status = reserve(base, size, type, protect);
    else if (find_view(base, size) == nullptr)
        status = STATUS_NOT_MAPPED_VIEW;
    else if ((type & MEM_RESET) != 0)
        madvise(reinterpret_cast<void*>(base), size, MADV_DONTNEED);
    else
        mprotect(reinterpret_cast<void*>(base), size, unix_protection(protect));
    if (status == STATUS_SUCCESS) {
        *ret = reinterpret_cast<void*>(base);
        *size_ptr = size;
    }
    return status;
}

// Takes a part out of its view; what is left on both sides becomes views.
void cut(View* view, std::uintptr_t base, SIZE_T size) {
    const View old = *view;
    views.erase(views.begin() + (view - views.data()));
    if (base > old.base)
        views.push_back({old.base, base - old.base, old.write_watch, old.placeholder});
    if (base + size < old.base + old.size)
        views.push_back(
            {base + size, old.base + old.size - base - size, old.write_watch, old.placeholder});
}

void release(View* view, std::uintptr_t base, SIZE_T size) {
    cut(view, base, size);
    control.views = views.size();
    munmap(reinterpret_cast<void*>(base), size);
    if (control.after_unmapping != nullptr)
        control.after_unmapping();
}

// Of a view, or of a part of a placeholder, which is split by it.
NTSTATUS preserve_placeholder(View* view, std::uintptr_t base, SIZE_T size) {
    if (!view->placeholder && !view->is(base, size))
        return STATUS_CONFLICTING_ADDRESSES;
    cut(view, base, size);
    views.push_back({base, size, false, true});
    return map(base, size, PROT_NONE, MAP_FIXED) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

// Adjacent placeholders become one.
NTSTATUS coalesce(std::uintptr_t base, SIZE_T size) {
    std::vector<View> others;
    SIZE_T covered = 0;
    for (const View& view : views) {
        if (view.base < base || view.base + view.size > base + size)
            others.push_back(view);
        else if (!view.placeholder)
            return STATUS_CONFLICTING_ADDRESSES;
        else
            covered += view.size;
    }
    if (covered != size)
        return STATUS_CONFLICTING_ADDRESSES;
    views = others;
    views.push_back({base, size, false, true});
    return STATUS_SUCCESS;
}

NTSTATUS free_part(View* view, std::uintptr_t base, SIZE_T size, ULONG type) {
    const SIZE_T whole = size != 0 ? size : view->size;
    if (type == MEM_DECOMMIT)
        return map(base, whole, PROT_NONE, MAP_FIXED) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    if (type == (MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER))
        return preserve_placeholder(view, base, whole);
    if (type != MEM_RELEASE)
        return STATUS_INVALID_PARAMETER;
    if (const NTSTATUS status = control.fail_next_release; status != STATUS_SUCCESS) {
        control.fail_next_release = STATUS_SUCCESS;
        return status;
    }
    release(view, base, whole);
    return STATUS_SUCCESS;
}

bool is_write_watched(std::uintptr_t base, SIZE_T size) {
    const View* view = find_view(base, size);
    return view != nullptr && view->write_watch;
}

} // namespace

EXPORTED NTSTATUS STANDIN_CALL NtClose(HANDLE) {
    return STATUS_SUCCESS;
}
EXPORTED NTSTATUS STANDIN_CALL NtYieldExecution() {
    return STATUS_SUCCESS;
}

EXPORTED NTSTATUS STANDIN_CALL NtAllocateVirtualMemory(HANDLE process, void** ret,
                                                       ULONG_PTR zero_bits, SIZE_T* size,
                                                       ULONG type, ULONG protect) {
    control.last_type = type;
    if (*size == 0)
        return STATUS_INVALID_PARAMETER;
    if (zero_bits > 21 && zero_bits < 32)
        return kInvalidParameter3;
    if ((type & ~(MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_RESET)) != 0)
        return STATUS_INVALID_PARAMETER;
    if (!is_this_process(process))
        return kInvalidHandle;
    return allocate(ret, size, type, protect);
}

#ifdef STANDIN_UNEXPORTED
static
#else
EXPORTED
#endif
    NTSTATUS STANDIN_CALL
    NtAllocateVirtualMemoryEx(HANDLE process, void** ret, SIZE_T* size, ULONG type, ULONG protect,
                              void* parameters, ULONG count) {
    control.last_type = type;
    constexpr ULONG kPlaceholders = MEM_RESERVE_PLACEHOLDER | MEM_REPLACE_PLACEHOLDER;
    if (count != 0 && parameters == nullptr)
        return STATUS_INVALID_PARAMETER;
    if ((type & kPlaceholders) == 0)
        return NtAllocateVirtualMemory(process, ret, 0, size, type, protect);
    if ((type & MEM_RESERVE) == 0 || (type & kPlaceholders) == kPlaceholders)
        return STATUS_INVALID_PARAMETER;
    if ((type & MEM_RESERVE_PLACEHOLDER) != 0 &&
        ((type & (MEM_COMMIT | MEM_WRITE_WATCH)) != 0 || protect != kNoAccess))
        return STATUS_INVALID_PARAMETER;
    return allocate(ret, size, type, protect);
}

EXPORTED NTSTATUS STANDIN_CALL NtFreeVirtualMemory(HANDLE process, void** addr_ptr,
                                                   SIZE_T* size_ptr, ULONG type) {
    if (!is_this_process(process))
        return kInvalidHandle;
    const auto asked = reinterpret_cast<std::uintptr_t>(*addr_ptr);
    const std::uintptr_t base = asked & ~(kPage - 1);
    const SIZE_T size = *size_ptr != 0 ? (*size_ptr + asked - base + kPage - 1) & ~(kPage - 1) : 0;
    if (type == (MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS))
        return coalesce(base, size);
    View* view = find_view(base, size);
    if (view == nullptr)
        return kMemoryNotAllocated;
    if (size == 0 && base != view->base)
        return kNotAtBase;
    const NTSTATUS status = free_part(view, base, size, type);
    if (status == STATUS_SUCCESS) {
        *addr_ptr = reinterpret_cast<void*>(base);
        *size_ptr = size;
    }
    return status;
}

EXPORTED NTSTATUS STANDIN_CALL NtProtectVirtualMemory(HANDLE process, void** addr_ptr,
                                                      SIZE_T* size_ptr, ULONG protect,
                                                      ULONG* before) {
    if (before == nullptr)
        return STATUS_ACCESS_VIOLATION;
    if (!is_this_process(process))
        return kInvalidHandle;
    const auto asked = reinterpret_cast<std::uintptr_t>(*addr_ptr);
    const std::uintptr_t base = asked & ~(kPage - 1);
    const SIZE_T size = (*size_ptr + asked - base + kPage - 1) & ~(kPage - 1);
    if (find_view(base, size) == nullptr)
        return STATUS_INVALID_PARAMETER;
    mprotect(reinterpret_cast<void*>(base), size, unix_protection(protect));
    *addr_ptr = reinterpret_cast<void*>(base);
    *size_ptr = size;
    *before = kProtectedBefore;
    return STATUS_SUCCESS;
}

// As Wine's: the whole buffer is touched before anything is read, and a read is
// whole or nothing.
EXPORTED NTSTATUS STANDIN_CALL NtReadVirtualMemory(HANDLE process, const void* from, void* to,
                                                   SIZE_T size, SIZE_T* read) {
    auto* const bytes = static_cast<volatile char*>(to);
    for (SIZE_T i = 0; i < size; i += kPage - reinterpret_cast<std::uintptr_t>(bytes + i) % kPage)
        bytes[i] = bytes[i];
    NTSTATUS status = kInvalidHandle;
    ++control.reads;
    if (is_this_process(process)) {
        std::vector<char> copy(size);
        const iovec local{copy.data(), size};
        const iovec remote{const_cast<void*>(from), size};
        const ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
        status = got == static_cast<ssize_t>(size) ? STATUS_SUCCESS : STATUS_PARTIAL_COPY;
        if (status == STATUS_SUCCESS)
            std::memcpy(to, copy.data(), size);
    }
    if (read != nullptr)
        *read = status == STATUS_SUCCESS ? size : 0;
    return status;
}

EXPORTED NTSTATUS STANDIN_CALL NtSetInformationProcess(HANDLE, ULONG, void* information, ULONG) {
    return information == nullptr ? STATUS_ACCESS_VIOLATION : STATUS_SUCCESS;
}

EXPORTED NTSTATUS STANDIN_CALL NtCompareObjects(HANDLE first, HANDLE second) {
    return is_this_process(first) && is_this_process(second) ? STATUS_SUCCESS : kNotSameObject;
}

EXPORTED NTSTATUS STANDIN_CALL NtGetWriteWatch(HANDLE, ULONG flags, void* base, SIZE_T size,
                                               void** addresses, ULONG_PTR* count,
                                               ULONG* granularity) {
#ifdef STANDIN_ODD_ANSWER
    return 0xC0DEFEED;
#endif
    const auto asked = reinterpret_cast<std::uintptr_t>(base);
    size = (asked % kPage + size + kPage - 1) & ~(kPage - 1);
    if (count == nullptr || granularity == nullptr)
        return STATUS_ACCESS_VIOLATION;
    if (*count == 0 || size == 0 || (flags & ~WRITE_WATCH_FLAG_RESET) != 0)
        return STATUS_INVALID_PARAMETER;
    if (addresses == nullptr)
        return STATUS_ACCESS_VIOLATION;
    if (!is_write_watched(asked & ~(kPage - 1), size))
        return STATUS_INVALID_PARAMETER;
    *count = 0;
    *granularity = kOwnGranularity;
    return STATUS_SUCCESS;
}

EXPORTED NTSTATUS STANDIN_CALL NtResetWriteWatch(HANDLE, void* base, SIZE_T size) {
    const auto asked = reinterpret_cast<std::uintptr_t>(base);
    size = (asked % kPage + size + kPage - 1) & ~(kPage - 1);
    if (size == 0 || !is_write_watched(asked & ~(kPage - 1), size))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static void* const syscalls[] = {
    reinterpret_cast<void*>(NtClose),
    reinterpret_cast<void*>(NtFreeVirtualMemory),
#ifdef STANDIN_MISSING
    reinterpret_cast<void*>(NtYieldExecution),
#else
    reinterpret_cast<void*>(NtResetWriteWatch),
#endif
#ifdef STANDIN_TWICE
    reinterpret_cast<void*>(NtFreeVirtualMemory),
#else
    reinterpret_cast<void*>(NtYieldExecution),
#endif
    reinterpret_cast<void*>(NtGetWriteWatch),
    reinterpret_cast<void*>(NtAllocateVirtualMemoryEx),
    reinterpret_cast<void*>(NtAllocateVirtualMemory),
    reinterpret_cast<void*>(NtProtectVirtualMemory),
    reinterpret_cast<void*>(NtReadVirtualMemory),
    reinterpret_cast<void*>(NtSetInformationProcess),
};
static_assert(sizeof(syscalls) / sizeof(void*) == kNumbers);

#ifdef STANDIN_NO_DESCRIPTORS
// Between dlopen()'s last need of a descriptor and its return.
__attribute__((constructor)) static void take_descriptors() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &limit);
}
#endif

EXPORTED Control* standin_control() {
    control.table = syscalls;
    return &control;
}
