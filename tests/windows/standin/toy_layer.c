/* SPDX-License-Identifier: MIT */
/* A translation layer in a hundred lines, for whoever maintains a real one: the
 * memory calls of ntdll over mmap, compiled with Wine's headers, with complete
 * write watches by writewatch/wine.h. Its own part is knowing what is reserved;
 * every line that write watches cost it begins with ww_wine_. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/mman.h>

#include <ntstatus.h>
#define WIN32_NO_STATUS
#include <windef.h>
#include <winbase.h>
#include <winternl.h>

#include <writewatch/wine.h>

#include "toy_layer.h"

static struct view {
    char *base;
    SIZE_T size;
} views[64];

static SIZE_T round_up(SIZE_T size) {
    return (size + 0xfff) & ~(SIZE_T)0xfff;
}

static struct view *view_of(const void *address, SIZE_T size) {
    struct view *view;
    for (view = views; view < views + 64; view++) {
        const SIZE_T offset = (SIZE_T)((const char *)address - view->base);
        if (view->size && offset < view->size && size <= view->size - offset)
            return view;
    }
    return NULL;
}

static int unix_protection(ULONG protect) {
    return protect == PAGE_NOACCESS ? PROT_NONE
         : protect == PAGE_READONLY ? PROT_READ : PROT_READ | PROT_WRITE;
}

static NTSTATUS reserve(void **base, SIZE_T size, ULONG type, ULONG protect) {
    struct view *view = views;
    NTSTATUS status;
    void *memory;
    while (view < views + 64 && view->size)
        view++;
    if (view == views + 64)
        return STATUS_NO_MEMORY;
    memory = mmap(*base, size, type & MEM_COMMIT ? unix_protection(protect) : PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return STATUS_NO_MEMORY;
    status = ww_wine_reserved(memory, size, type);
    if (status) {
        munmap(memory, size);
        return status;
    }
    view->base = *base = memory;
    view->size = size;
    return STATUS_SUCCESS;
}

NTSTATUS toy_allocate(void **base, SIZE_T *size, ULONG type, ULONG protect) {
    *size = round_up(*size);
    if ((type & MEM_RESERVE) || !*base)
        return reserve(base, *size, type, protect);
    if (!view_of(*base, *size))
        return STATUS_NOT_MAPPED_VIEW;
    if ((type & MEM_RESET) && ww_wine_watched(*base, *size))
        return STATUS_SUCCESS; /* contents may go, but need not */
    if (type & MEM_RESET)
        return madvise(*base, *size, MADV_DONTNEED) ? STATUS_NO_MEMORY : STATUS_SUCCESS;
    return mprotect(*base, *size, unix_protection(protect)) ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

NTSTATUS toy_free(void *base, SIZE_T size, ULONG type) {
    struct view *view = view_of(base, size);
    ww_wine_release release;
    if (!view)
        return STATUS_MEMORY_NOT_ALLOCATED;
    if (type == MEM_DECOMMIT) {
        if (mmap(base, round_up(size), PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
            return STATUS_NO_MEMORY;
        ww_wine_decommitted(base, size);
        return STATUS_SUCCESS;
    }
    ww_wine_releasing(view->base, view->size, &release);
    if (munmap(view->base, view->size)) {
        ww_wine_release_failed(&release);
        return STATUS_NO_MEMORY;
    }
    view->size = 0;
    return STATUS_SUCCESS;
}

NTSTATUS toy_protect(void *base, SIZE_T size, ULONG protect) {
    if (!view_of(base, size))
        return STATUS_NOT_COMMITTED;
    if (mprotect(base, round_up(size), unix_protection(protect)))
        return STATUS_NO_MEMORY;
    ww_wine_protected(base, size);
    return STATUS_SUCCESS;
}

NTSTATUS toy_get_write_watch(ULONG flags, void *base, SIZE_T size, void **addresses,
                             ULONG_PTR *count, ULONG *granularity) {
    return ww_wine_get_write_watch(flags, base, size, addresses, count, granularity);
}

NTSTATUS toy_reset_write_watch(void *base, SIZE_T size) {
    return ww_wine_reset_write_watch(base, size);
}
