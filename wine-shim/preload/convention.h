// SPDX-License-Identifier: MIT
#pragma once

#include "win32.h"

namespace ww::wine {

// How Wine's system-call dispatcher passes arguments: ms_abi up to 8.0, SysV
// from 8.13 on, and somewhere between it changed.
enum class Convention { unknown, ms_abi, sysv };

const char* convention_name(Convention convention) noexcept;

// Found by effect, with one call of the original NtGetWriteWatch that fails
// before it takes any lock. `answer` becomes its status.
Convention detect_convention(void* nt_get_write_watch, NTSTATUS& answer) noexcept;

} // namespace ww::wine
