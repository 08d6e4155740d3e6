/* SPDX-License-Identifier: MIT */
/* What the programs in the toy layer call, in Wine's types. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif
NTSTATUS toy_allocate(void **base, SIZE_T *size, ULONG type, ULONG protect);
NTSTATUS toy_free(void *base, SIZE_T size, ULONG type);
NTSTATUS toy_protect(void *base, SIZE_T size, ULONG protect);
NTSTATUS toy_get_write_watch(ULONG flags, void *base, SIZE_T size, void **addresses,
                             ULONG_PTR *count, ULONG *granularity);
NTSTATUS toy_reset_write_watch(void *base, SIZE_T size);
#ifdef __cplusplus
}
#endif
