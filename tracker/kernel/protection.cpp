// SPDX-License-Identifier: MIT
#include "kernel/protection.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

Error protect(Range range, Access access) noexcept {
    const int protection = (access.read ? PROT_READ : 0) | (access.write ? PROT_WRITE : 0) |
                           (access.execute ? PROT_EXEC : 0);
    const int failed = ::mprotect(reinterpret_cast<void*>(range.start), range.bytes(), protection);
    return failed == 0 ? Error::none : Error::last();
}

// The kernel reads the new mask before it looks at what to do with it, and there
// is no such thing to do.
bool is_readable(std::uintptr_t address) noexcept {
    constexpr int kNothing = -1;
    constexpr std::size_t kKernelMaskBytes = 8;
    constexpr Error kBadAddress{EFAULT};
    const long result = ::syscall(SYS_rt_sigprocmask, kNothing, address, nullptr, kKernelMaskBytes);
    return result == 0 || Error::last() != kBadAddress;
}

} // namespace ww::kernel
