// SPDX-License-Identifier: MIT
// What the flags of an allocation ask for, judged as Wine judges them.
#pragma once

#include "win32.h"

namespace ww::wine {

// Takes new address space, as opposed to working on memory that is there.
inline bool makes_reservation(const void* base, ULONG type) noexcept {
    return (type & MEM_RESERVE) != 0 || base == nullptr;
}

// Windows has write watches only of what the same call reserves, and MEM_RESET
// only by itself. Wine lets such calls pass, and ignores a flag.
inline bool is_refused(ULONG type) noexcept {
    return (type & MEM_WRITE_WATCH) != 0 && ((type & MEM_RESERVE) == 0 || (type & MEM_RESET) != 0);
}

// A reservation that we can watch in Wine's place. Anything that is not known
// to succeed without MEM_WRITE_WATCH exactly where it succeeds with it keeps
// the flag: without it Wine could accept what it has to refuse. Below 64 KiB
// lies the DOS area only.
inline bool can_watch(const void* base, ULONG type) noexcept {
    constexpr ULONG kUnderstood =
        MEM_COMMIT | MEM_RESERVE | MEM_REPLACE_PLACEHOLDER | MEM_TOP_DOWN | MEM_WRITE_WATCH;
    const auto address = reinterpret_cast<ULONG_PTR>(base);
    return (type & MEM_WRITE_WATCH) != 0 && (type & ~kUnderstood) == 0 && !is_refused(type) &&
           (address == 0 || address >= 0x10000);
}

// MEM_RESET: the contents are of no more interest to the caller.
inline bool drops_contents(const void* base, ULONG type) noexcept {
    return (type & MEM_RESET) != 0 && !makes_reservation(base, type);
}

} // namespace ww::wine
