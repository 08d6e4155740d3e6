/* SPDX-License-Identifier: MIT
 * What a layer writes where it implements these system calls. */
#ifdef WITH_WINTERNL
#include <stdarg.h>

#define WIN32_NO_STATUS
#include <windef.h>

#include <winbase.h>
#include <winternl.h>

#include <writewatch/wine.h>

NTSTATUS layer_get(HANDLE process, ULONG flags, PVOID base, SIZE_T size, PVOID *addresses,
                   ULONG_PTR *count, ULONG *granularity);
NTSTATUS layer_get(HANDLE process, ULONG flags, PVOID base, SIZE_T size, PVOID *addresses,
                   ULONG_PTR *count, ULONG *granularity)
{
    (void)process;
    return ww_wine_get_write_watch(flags, base, size, addresses, count, granularity);
}
#else
#include <writewatch/wine.h>
#endif

ww_wine_status layer_reserved(void *base, ww_wine_size size);
ww_wine_status layer_reserved(void *base, ww_wine_size size)
{
    ww_wine_release release;
    ww_wine_releasing(base, size, &release);
    ww_wine_release_failed(&release);
    return ww_wine_any() ? ww_wine_reserved(base, size, 0x00200000) : 0;
}
