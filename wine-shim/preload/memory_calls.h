// SPDX-License-Identifier: MIT
// Allocations and frees in this process, on their way from the Windows program
// to Wine.
//
// Wine gets copies of the in/out arguments, and the program its results last:
// touching them may fault and unwind past us, and what they point to may be
// changed by another thread meanwhile.
#pragma once

#include "allocation_type.h"
#include "caller_memory.h"
#include "originals.h"
#include "write_watches.h"

namespace ww::wine {

// An in/out pair of base and size.
class Region {
public:
    Region(void** base_in_out, SIZE_T* size_in_out) noexcept
        : base(read_once(base_in_out)), size(read_once(size_in_out)), base_in_out_(base_in_out),
          size_in_out_(size_in_out) {}

    void* base;
    SIZE_T size;

    PageRange range() const noexcept { return PageRange::around(base, size); }
    NTSTATUS give_back() const noexcept {
        *base_in_out_ = base;
        *size_in_out_ = size;
        return STATUS_SUCCESS;
    }

private:
    void** base_in_out_;
    SIZE_T* size_in_out_;
};

// Puts back a reservation that was just made.
inline void undo_reserve(HANDLE process, Region region, ULONG type) noexcept {
    if ((type & MEM_REPLACE_PLACEHOLDER) != 0) {
        original::NtFreeVirtualMemory(process, &region.base, &region.size,
                                      MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
        return;
    }
    region.size = 0; // all of it
    original::NtFreeVirtualMemory(process, &region.base, &region.size, MEM_RELEASE);
}

template<class Original>
NTSTATUS reserve(WriteWatches& watches, HANDLE process, Region& region, ULONG type,
                 Original original) noexcept {
    const Region asked = region;
    const bool wanted = can_watch(region.base, type);
    const NTSTATUS status = original(region, wanted ? type & ~MEM_WRITE_WATCH : type);
    if (status != STATUS_SUCCESS)
        return status;
    watches.reserved(region.range());
    if (!wanted || watches.watch(region.range()))
        return STATUS_SUCCESS;
    // Out of descriptors or memory: Wine's own write watches serve this one.
    undo_reserve(process, region, type);
    region = asked;
    return original(region, type);
}

// Wine would drop the pages at once, and with them the knowledge that they were
// written: a collector would never look at them again. Windows lets them be
// until memory is short, so keeping them is as right, and loses nothing.
// Whether the rest of the call is valid Wine says itself, asked about a place
// that is in none of its views.
template<class Original>
NTSTATUS keep_contents(Region& region, Original original) noexcept {
    static constexpr char kNoView = 0;
    const PageRange range = region.range();
    region.base = const_cast<char*>(&kNoView);
    const NTSTATUS status = original(region);
    region.base = range.base();
    region.size = range.bytes;
    return status == STATUS_NOT_MAPPED_VIEW ? STATUS_SUCCESS : status;
}

// original(Region&, ULONG type) is the call as the program made it.
template<class Original>
NTSTATUS allocate(WriteWatches& watches, HANDLE process, Region region, ULONG type,
                  Original original) noexcept {
    NTSTATUS status;
    if (makes_reservation(region.base, type))
        status = reserve(watches, process, region, type, original);
    else if (drops_contents(region.base, type) && watches.covers(region.range()))
        status = keep_contents(region, [&](Region& at) noexcept { return original(at, type); });
    else
        status = original(region, type);
    return status == STATUS_SUCCESS ? region.give_back() : status;
}

inline NTSTATUS free(WriteWatches& watches, HANDLE process, Region region, ULONG type) noexcept {
    const WriteWatches::Part part = watches.part_to_free(region.base, region.size);
    const bool releases = (type & MEM_RELEASE) != 0;
    if (releases)
        watches.releasing(part);
    const NTSTATUS status =
        original::NtFreeVirtualMemory(process, &region.base, &region.size, type);
    if (status != STATUS_SUCCESS) {
        if (releases)
            watches.release_failed(part);
        return status;
    }
    if ((type & MEM_DECOMMIT) != 0)
        watches.decommitted(part);
    return region.give_back();
}

} // namespace ww::wine
