// SPDX-License-Identifier: MIT
// Wine 10.11 and newer can raise an exception at the first write to a page that
// is executable, as Windows does for emulators that translate code. A reset of
// the page's write watch arms the exception again: in a process that asked for
// them, executable watched memory is left to Wine.
#pragma once

#include "caller_memory.h"
#include "win32.h"

#include <atomic>

namespace ww::wine {

class WriteExceptions {
public:
    // After a successful NtSetInformationProcess.
    void process_set(ULONG information_class, const void* information, ULONG size) noexcept {
        if (information_class != kProcessManageWritesToExecutableMemory || size < sizeof(ULONG))
            return;
        const ULONG settings = read_once(static_cast<const ULONG*>(information));
        enabled_.store((settings & kProcessEnableWriteExceptions) != 0, std::memory_order_relaxed);
    }

    bool concern(ULONG protection) const noexcept {
        return (protection & kPageExecuteAny) != 0 && enabled_.load(std::memory_order_relaxed);
    }

private:
    static constexpr ULONG kProcessManageWritesToExecutableMemory = 83;
    static constexpr ULONG kProcessEnableWriteExceptions = 0x100; // behind 8 bits of version
    static constexpr ULONG kPageExecuteAny = 0xF0;

    std::atomic<bool> enabled_{false};
};

} // namespace ww::wine
