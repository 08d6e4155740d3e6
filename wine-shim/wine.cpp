// SPDX-License-Identifier: MIT
// The C interface for Wine-style layers, over the rules.
#include <writewatch/wine.h>

#include "write_watches.h"

using namespace ww::wine;

namespace {

LatchedPages latched;
// Lives as long as the process: threads call until the very end.
constinit WriteWatches watches{latched};

ww_wine_release as_release(const WriteWatches::Part& part) noexcept {
    return {part.range.base(), part.range.bytes, part.watch.base(), part.watch.bytes};
}

WriteWatches::Part as_part(const ww_wine_release& release) noexcept {
    return {{reinterpret_cast<ULONG_PTR>(release.base), release.size},
            {reinterpret_cast<ULONG_PTR>(release.watch_base), release.watch_size}};
}

ww_wine_status as_signed(NTSTATUS status) noexcept {
    return static_cast<ww_wine_status>(status);
}

} // namespace

ww_wine_status ww_wine_reserved(void* base, ww_wine_size size, ww_wine_ulong type) noexcept {
    const PageRange range = PageRange::around(base, size);
    watches.reserved(range);
    return as_signed((type & MEM_WRITE_WATCH) != 0 ? watches.watch(range) : STATUS_SUCCESS);
}

void ww_wine_releasing(const void* base, ww_wine_size size, ww_wine_release* release) noexcept {
    const WriteWatches::Part part = watches.part_to_free(base, size);
    watches.releasing(part);
    if (release != nullptr)
        *release = as_release(part);
}

void ww_wine_release_failed(const ww_wine_release* release) noexcept {
    watches.release_failed(as_part(*release));
}

void ww_wine_decommitted(const void* base, ww_wine_size size) noexcept {
    watches.decommitted(watches.part_to_free(base, size));
}

void ww_wine_protected(const void* base, ww_wine_size size) noexcept {
    watches.protection_changed(PageRange::around(base, size));
}

ww_wine_status ww_wine_get_write_watch(ww_wine_ulong flags, void* base, ww_wine_size size,
                                       void** addresses, ww_wine_count* count,
                                       ww_wine_ulong* granularity) noexcept {
    return as_signed(
        watches.query(PageRange::asked(base, size), flags, addresses, count, granularity));
}

ww_wine_status ww_wine_reset_write_watch(void* base, ww_wine_size size) noexcept {
    return as_signed(watches.reset(PageRange::asked(base, size)));
}

int ww_wine_watched(const void* base, ww_wine_size size) noexcept {
    return watches.covers(PageRange::asked(base, size)) ? 1 : 0;
}

int ww_wine_overlaps(const void* base, ww_wine_size size) noexcept {
    return watches.overlaps(PageRange::asked(base, size)) ? 1 : 0;
}

int ww_wine_any() noexcept {
    return watches.any() ? 1 : 0;
}
