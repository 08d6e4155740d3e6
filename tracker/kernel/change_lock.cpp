// SPDX-License-Identifier: MIT
#include "kernel/change_lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// By system call: sigprocmask(2) of some libraries leaves out the signals that
// libc uses itself, and those stop threads too.
void set_mask(const sigset_t* mask, sigset_t* before) noexcept {
    constexpr std::size_t kKernelMaskBytes = 8;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, before, kKernelMaskBytes);
}

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) noexcept {
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation | FUTEX_PRIVATE_FLAG,
              value, nullptr, nullptr, 0);
}

} // namespace

void ChangeLock::lock() noexcept {
    std::uint32_t expected = kFree;
    if (state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire))
        return;
    while (state_.exchange(kHeldWithWaiters, std::memory_order_acquire) != kFree)
        futex(state_, FUTEX_WAIT, kHeldWithWaiters);
}

void ChangeLock::unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kHeldWithWaiters)
        futex(state_, FUTEX_WAKE, 1);
}

Changing::Changing(ChangeLock& lock) noexcept : lock_(lock) {
    sigset_t all;
    ::sigfillset(&all);
    set_mask(&all, &before_);
    lock_.lock();
}

Changing::~Changing() {
    lock_.unlock();
    set_mask(&before_, nullptr);
}

} // namespace ww::kernel
