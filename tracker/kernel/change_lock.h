// SPDX-License-Identifier: MIT
// The lock for changes. Its holder cannot be stopped by a signal (debuggers,
// SuspendThread and garbage collectors stop threads inside signal handlers), so
// whoever waits for it waits for a few hundred instructions, never for a
// stopped thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <signal.h>

namespace ww::kernel {

class ChangeLock {
public:
    void lock() noexcept;
    void unlock() noexcept;

private:
    enum : std::uint32_t { kFree, kHeld, kHeldWithWaiters };
    std::atomic<std::uint32_t> state_{kFree};
};

// Holds the lock, all signals blocked, for its own lifetime. Nothing that may
// fault belongs inside.
class Changing {
public:
    explicit Changing(ChangeLock& lock) noexcept;
    ~Changing();
    Changing(const Changing&) = delete;
    Changing& operator=(const Changing&) = delete;

private:
    ChangeLock& lock_;
    sigset_t before_;
};

} // namespace ww::kernel
