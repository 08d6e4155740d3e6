// SPDX-License-Identifier: MIT
// The process's handler of SIGSEGV. Faults that are nobody's here go to who had
// the signal before, as if the kernel had called that handler itself: with its
// mask, with the same siginfo and context, once if it was to be called once; by
// default they end the process at the instruction that faulted.
//
// The handler is installed once and stays for good: who came later may have
// kept it as the one to pass faults on to. It runs on the alternate stack where
// a thread has one, as run times with small stacks need it.
#pragma once

#include "kernel/result.h"

#include <cstdint>

namespace ww::kernel {

// Called in the handler for an access that the protection of the memory does
// not allow, never for one that is known to be no store: whether it was taken
// care of, and the instruction is to be tried again. Takes no lock and waits for
// nobody.
using ServeFault = bool (*)(std::uintptr_t address, bool is_surely_store) noexcept;

// The first call installs the handler; `serve` is the same in every call.
Error catch_write_faults(ServeFault serve) noexcept;

// Whether SIGSEGV still comes here first. A program that installs a handler of
// its own later has to pass on what it does not know.
bool catches_write_faults() noexcept;

} // namespace ww::kernel
