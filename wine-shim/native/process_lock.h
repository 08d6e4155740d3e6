// SPDX-License-Identifier: MIT
#pragma once

namespace ww::wine {

// The one mutex of Windows' calls, for a scope. A forked child finds it free and
// what it guards whole, whatever the other threads were doing.
class ProcessLock {
public:
    ProcessLock() noexcept;
    ProcessLock(const ProcessLock&) = delete;
    ~ProcessLock();
};

} // namespace ww::wine
