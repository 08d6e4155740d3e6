// SPDX-License-Identifier: MIT
#include "kernel/write_faults.h"

#include "kernel/change_lock.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// As the kernel has it: one bit a signal, in the first 8 bytes of a sigset_t.
using KernelMask = std::uint64_t;

KernelMask kernel_mask(const sigset_t& set) noexcept {
    KernelMask mask = 0;
    std::memcpy(&mask, &set, sizeof mask);
    return mask;
}

constexpr KernelMask bit_of(int signal) noexcept {
    return KernelMask{1} << (signal - 1);
}

struct Handler {
    std::atomic<ServeFault> serve{nullptr};
    struct sigaction before {};              // written before the handler is installed
    std::atomic<bool> before_is_over{false}; // it was to be called once, and was
};
Handler g_handler;

// Faults happen again when the handler returns, this time with nobody to catch
// them. What was sent by somebody has to be sent again. Not inlined: others need
// no stack for this.
[[gnu::noinline]] void end_by_default(int signal, siginfo_t* info, bool sent) noexcept {
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    ::sigaction(signal, &by_default, nullptr);
    if (!sent)
        return;
    const pid_t process = ::getpid();
    const long thread = ::syscall(SYS_gettid);
    // Where a sandbox denies that, the signal counts for more than who sent it.
    if (::syscall(SYS_rt_tgsigqueueinfo, process, thread, signal, info) != 0)
        ::syscall(SYS_tgkill, process, thread, signal);
}

void call(const struct sigaction& action, int signal, siginfo_t* info, void* context) noexcept {
    KernelMask mask = kernel_mask(static_cast<const ucontext_t*>(context)->uc_sigmask) |
                      kernel_mask(action.sa_mask);
    if ((action.sa_flags & SA_NODEFER) == 0)
        mask |= bit_of(signal);
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask);
    if ((action.sa_flags & SA_SIGINFO) != 0)
        action.sa_sigaction(signal, info, context);
    else
        action.sa_handler(signal);
}

void pass_on(int signal, siginfo_t* info, void* context) noexcept {
    const struct sigaction& before = g_handler.before;
    const bool sent = info->si_code <= 0;
    const bool once = (before.sa_flags & static_cast<int>(SA_RESETHAND)) != 0;
    const bool is_function = (before.sa_flags & SA_SIGINFO) != 0 ||
                             (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN);
    if (is_function && !(once && g_handler.before_is_over.exchange(true)))
        return call(before, signal, info, context);
    // The kernel lets nobody ignore a fault, only signals that were sent.
    if (is_function || before.sa_handler == SIG_DFL || !sent)
        end_by_default(signal, info, sent);
}

enum class Store { no, yes, unknown };

// By the processor's own word, where it gives one.
Store kind_of_access([[maybe_unused]] const void* context) noexcept {
#if defined(__x86_64__) || defined(__i386__)
    constexpr greg_t kWasStore = 2; // of the page fault's error code
    const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
    return (registers[REG_ERR] & kWasStore) != 0 ? Store::yes : Store::no;
#else
    return Store::unknown;
#endif
}

bool serve(const siginfo_t* info, const void* context) noexcept {
    const KeepErrno keep;
    const Store store = kind_of_access(context);
    return info->si_code == SEGV_ACCERR && store != Store::no &&
           g_handler.serve.load()(reinterpret_cast<std::uintptr_t>(info->si_addr),
                                  store == Store::yes);
}

void on_fault(int signal, siginfo_t* info, void* context) noexcept {
    if (!serve(info, context))
        pass_on(signal, info, context);
}

} // namespace

Error catch_write_faults(ServeFault serve_fault) noexcept {
    static constinit ChangeLock lock;
    const Changing changing{lock};
    if (g_handler.serve.load() != nullptr)
        return Error::none;
    struct sigaction ours {};
    ours.sa_sigaction = on_fault;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (::sigaction(SIGSEGV, nullptr, &g_handler.before) != 0)
        return Error::last();
    ours.sa_flags |= g_handler.before.sa_flags & SA_RESTART;
    g_handler.serve.store(serve_fault);
    if (::sigaction(SIGSEGV, &ours, nullptr) == 0)
        return Error::none;
    g_handler.serve.store(nullptr);
    return Error::last();
}

bool catches_write_faults() noexcept {
    struct sigaction now {};
    ::sigaction(SIGSEGV, nullptr, &now);
    return (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fault;
}

} // namespace ww::kernel
