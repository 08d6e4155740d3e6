// SPDX-License-Identifier: MIT
// Setting what may be done with memory, and finding out what may be. All of it may
// be called in a signal handler, and takes no descriptor.
#pragma once

#include "kernel/access.h"
#include "kernel/result.h"
#include "range.h"

#include <cstdint>

namespace ww::kernel {

// no_memory: a part is not mapped, or the kernel allows no more mappings; what
// is in front of it may have changed.
Error protect(Range range, Access access) noexcept;

// Whether the 8 bytes at the address may be read. Asked of the kernel, so that
// nothing faults.
bool is_readable(std::uintptr_t address) noexcept;
// Whether the 4 bytes there may be written, which are left as they are.
bool is_writable(std::uintptr_t address) noexcept;

} // namespace ww::kernel
