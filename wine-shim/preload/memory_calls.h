// SPDX-License-Identifier: MIT
// What a Windows program does to the memory of this process, on its way to Wine.
//
// Wine gets copies of the in/out arguments, and the program its results last:
// touching them may fault and unwind past us, and what they point to may be
// changed by another thread meanwhile.
#pragma once

#include "allocation_type.h"
#include "caller_memory.h"
#include "originals.h"
#include "page_range.h"
#include "this_process.h"
#include "verify.h"
#include "write_exceptions.h"

#include <writewatch/wine.h>

#include <cstring>

namespace ww::wine {

// An in/out pair of base and size.
class Region {
public:
    Region(void** base_in_out, SIZE_T* size_in_out) noexcept
        : base(read_once(base_in_out)), size(read_once(size_in_out)), base_in_out_(base_in_out),
          size_in_out_(size_in_out) {}

    void* base;
    SIZE_T size;

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
NTSTATUS reserve(HANDLE process, Region& region, ULONG type, bool may_watch,
                 Original original) noexcept {
    const Region asked = region;
    const bool wanted = may_watch && can_watch(region.base, type);
    const NTSTATUS status = original(region, wanted ? type & ~MEM_WRITE_WATCH : type);
    if (status != STATUS_SUCCESS)
        return status;
    const ULONG ours = wanted ? MEM_WRITE_WATCH : 0;
    if (wanted)
        verifier.cleared(PageRange::around(region.base, region.size));
    if (ww_wine_reserved(region.base, region.size, ours) == 0)
        return STATUS_SUCCESS;
    // Out of descriptors or memory: Wine's own write watches serve this one.
    undo_reserve(process, region, type);
    region = asked;
    return original(region, type);
}

// Wine would drop the pages at once, and with them the knowledge that they were
// written: a collector would never look at them again. Windows lets them be
// until memory is short, so keeping them is as right, and loses nothing.
// Whether the rest of the call is valid Wine says itself, asked about a byte
// that is in none of its views: from there the whole range could leave the
// address space.
template<class Original>
NTSTATUS keep_contents(Region& region, Original original) noexcept {
    static constexpr char kNoView = 0;
    const PageRange range = PageRange::around(region.base, region.size);
    region.base = const_cast<char*>(&kNoView);
    region.size = region.size != 0 ? 1 : 0;
    const NTSTATUS status = original(region);
    region.base = range.base();
    region.size = range.bytes;
    return status == STATUS_NOT_MAPPED_VIEW ? STATUS_SUCCESS : status;
}

// original(Region&, ULONG type) is the call as the program made it. Where we may
// not watch, Wine's own write watches serve.
template<class Original>
NTSTATUS allocate(HANDLE process, Region region, ULONG type, bool may_watch,
                  Original original) noexcept {
    if (is_refused(type))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status;
    if (makes_reservation(region.base, type))
        status = reserve(process, region, type, may_watch, original);
    else if (drops_contents(region.base, type) && ww_wine_watched(region.base, region.size) != 0)
        status = keep_contents(region, [&](Region& at) noexcept { return original(at, type); });
    else
        status = original(region, type);
    return status == STATUS_SUCCESS ? region.give_back() : status;
}

inline NTSTATUS free(HANDLE process, Region region, ULONG type) noexcept {
    const Region asked = region;
    const bool releases = (type & MEM_RELEASE) != 0;
    ww_wine_release release{};
    if (releases)
        ww_wine_releasing(asked.base, asked.size, &release);
    const NTSTATUS status =
        original::NtFreeVirtualMemory(process, &region.base, &region.size, type);
    if (status != STATUS_SUCCESS) {
        if (releases)
            ww_wine_release_failed(&release);
        return status;
    }
    if ((type & MEM_DECOMMIT) != 0) {
        ww_wine_decommitted(asked.base, asked.size);
        verifier.cleared(PageRange::around(region.base, region.size));
    }
    return region.give_back();
}

// Like Windows, and unlike Wine, nothing is changed where the result cannot be stored.
inline NTSTATUS protect(HANDLE process, Region region, ULONG protect, ULONG* before) noexcept {
    if (before != nullptr)
        ensure_writable(before);
    ULONG was = 0;
    const NTSTATUS status = original::NtProtectVirtualMemory(
        process, &region.base, &region.size, protect, before == nullptr ? nullptr : &was);
    if (status != STATUS_SUCCESS)
        return status;
    ww_wine_protected(region.base, region.size);
    *before = was;
    return region.give_back();
}

// Whether a range ends behind the addresses that a program can have.
inline bool leaves_user_space(const void* base, SIZE_T size) noexcept {
    constexpr ULONG_PTR kEnd = sizeof(void*) == 8 ? ULONG_PTR{0x7fffffff} << 16 : ~ULONG_PTR{0};
    const auto start = reinterpret_cast<ULONG_PTR>(base);
    return start > kEnd || size > kEnd - start;
}

inline bool overlap(const void* a, const void* b, SIZE_T size) noexcept {
    const auto first = reinterpret_cast<ULONG_PTR>(a);
    const auto second = reinterpret_cast<ULONG_PTR>(b);
    return first - second < size || second - first < size;
}

// NtReadVirtualMemory into watched memory. Wine touches the whole buffer before
// it knows whether there is anything to read; Windows touches what it has read.
// By way of a buffer of our own, a page of the source at a time: this stack may
// be small.
inline NTSTATUS read_memory(HANDLE process, const void* from, void* to, SIZE_T size,
                            SIZE_T* read) noexcept {
    if (leaves_user_space(from, size) || leaves_user_space(to, size))
        return STATUS_ACCESS_VIOLATION;
    if (read != nullptr)
        ensure_writable(read);
    // Of this process itself: in one piece, or it would be a mixture.
    if (overlap(from, to, size) && may_be_this_process(process))
        return original::NtReadVirtualMemory(process, from, to, size, read);
    char page[kGranularity];
    NTSTATUS status = STATUS_SUCCESS;
    SIZE_T done = 0;
    for (SIZE_T got = ~SIZE_T{0}; done < size && got != 0 && status == STATUS_SUCCESS;) {
        const char* const source = static_cast<const char*>(from) + done;
        const SIZE_T in_page = kGranularity - reinterpret_cast<ULONG_PTR>(source) % kGranularity;
        const SIZE_T wanted = size - done < in_page ? size - done : in_page;
        got = 0;
        status = original::NtReadVirtualMemory(process, source, page, wanted, &got);
        if (status != STATUS_SUCCESS && done > 0)
            status = STATUS_PARTIAL_COPY;
        std::memcpy(static_cast<char*>(to) + done, page, got);
        done += got;
    }
    if (read != nullptr)
        *read = done;
    return status;
}

} // namespace ww::wine
