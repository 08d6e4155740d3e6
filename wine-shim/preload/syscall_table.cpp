// SPDX-License-Identifier: MIT
#include "syscall_table.h"

#include <sys/mman.h>

namespace ww::wine {

namespace {

constexpr std::size_t kPageBytes = 4096; // of x86, with 32 bit and with 64

bool protect_page_of(std::uintptr_t* entry, int protection) noexcept {
    const auto page = reinterpret_cast<std::uintptr_t>(entry) / kPageBytes * kPageBytes;
    return ::mprotect(reinterpret_cast<void*>(page), kPageBytes, protection) == 0;
}

} // namespace

void SyscallTable::find(void* const (&functions)[kHookedCalls],
                        unsigned (&hits)[kHookedCalls]) noexcept {
    ntdll_.for_each_writable([&](ElfImage::Words words) noexcept {
        for (std::uintptr_t* word = words.begin; word < words.end; ++word) {
            for (std::size_t call = 0; call < kHookedCalls; ++call) {
                if (*word != reinterpret_cast<std::uintptr_t>(functions[call]))
                    continue;
                entries_[call] = word;
                ++hits[call];
            }
        }
    });
}

bool SyscallTable::replace(void* const (&hooks)[kHookedCalls]) const noexcept {
    if (!make_writable())
        return false;
    // From the last: allocations, which come first in the list, are hooked when
    // everything is that can happen to watched memory.
    for (std::size_t call = kHookedCalls; call-- > 0;)
        __atomic_store_n(entries_[call], reinterpret_cast<std::uintptr_t>(hooks[call]),
                         __ATOMIC_RELEASE);
    restore_protection(kHookedCalls);
    return true;
}

// All pages before the first store: half a set of hooks would watch memory and
// never see it released.
bool SyscallTable::make_writable() const noexcept {
    for (std::size_t call = 0; call < kHookedCalls; ++call) {
        if (!protect_page_of(entries_[call], PROT_READ | PROT_WRITE)) {
            restore_protection(call);
            return false;
        }
    }
    return true;
}

void SyscallTable::restore_protection(std::size_t entry_count) const noexcept {
    for (std::size_t call = 0; call < entry_count; ++call) {
        if (ntdll_.is_relro(entries_[call], kPageBytes))
            protect_page_of(entries_[call], PROT_READ);
    }
}

} // namespace ww::wine
