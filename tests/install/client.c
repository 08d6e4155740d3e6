/* SPDX-License-Identifier: MIT */
/* What a user of the installed libraries might write first. */
#include <writewatch/win32.h>
#include <writewatch/writewatch.h>

#include <stdio.h>

int main(void) {
    char reason[WW_REASON_BYTES];
    void *found[4];
    ULONG_PTR count = 4;
    DWORD granularity = 0;
    char *base;
    if (ww_probe(reason, sizeof reason) != WW_BACKEND_PAGEMAP_SCAN) {
        printf("skipped: %s\n", reason);
        return 77;
    }
    base = (char *)VirtualAlloc(NULL, 4 * 4096, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                PAGE_READWRITE);
    base[2 * 4096] = 1;
    if (GetWriteWatch(0, base, 4 * 4096, found, &count, &granularity) != 0)
        return 1;
    return count == 1 && found[0] == base + 2 * 4096 ? 0 : 1;
}
