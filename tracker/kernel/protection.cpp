// SPDX-License-Identifier: MIT
#include "kernel/protection.h"

#include <linux/futex.h>
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

// The kernel does an operation on a futex in one step with others' stores, here
// one that changes nothing. It may wake somebody who waits there, as may happen to
// every futex, if -2048 is what the word says.
bool is_writable(std::uintptr_t address) noexcept {
    constexpr long kOrNothing = FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, -2048);
    std::uint32_t nobodys = 0; // to wake who waits for it
    return ::syscall(SYS_futex, &nobodys, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, nullptr, address,
                     kOrNothing) >= 0;
}

} // namespace ww::kernel
