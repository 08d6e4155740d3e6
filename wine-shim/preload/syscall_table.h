// SPDX-License-Identifier: MIT
// The entries of Wine's system-call table. The table is not exported and its
// numbers change with every version, so entries are found by the functions
// that they point to.
#pragma once

#include "elf_image.h"
#include "hooked_calls.h"

namespace ww::wine {

class SyscallTable {
public:
    explicit SyscallTable(const ElfImage& ntdll) noexcept : ntdll_(ntdll) {}

    // Finds the entry of each function. `functions` and `hits` are by
    // HookedCall; a table that may be changed has exactly one hit for each.
    void find(void* const (&functions)[kHookedCalls], unsigned (&hits)[kHookedCalls]) noexcept;

    // Puts `hooks` into the entries found: all of them, or none and false.
    [[nodiscard]] bool replace(void* const (&hooks)[kHookedCalls]) const noexcept;

private:
    bool make_writable() const noexcept;
    void restore_protection(std::size_t entry_count) const noexcept;

    ElfImage ntdll_;
    std::uintptr_t* entries_[kHookedCalls] = {};
};

} // namespace ww::wine
