// SPDX-License-Identifier: MIT
#pragma once

#include "win32.h"

#ifdef __i386__
#include "i386/conventions.h"
#else
#include "x86_64/conventions.h"
#endif

namespace ww::wine {

// How Wine's system-call dispatcher passes arguments.
enum class Convention {
    unknown,
#define WW_CONVENTION(name, attribute, ...) name,
    WW_CONVENTIONS(WW_CONVENTION)
#undef WW_CONVENTION
};

constexpr const char* convention_name(Convention convention) noexcept {
#define WW_CONVENTION(name, attribute, ...)                                                        \
    if (convention == Convention::name)                                                            \
        return #name;
    WW_CONVENTIONS(WW_CONVENTION)
#undef WW_CONVENTION
    return "unknown";
}

// Found by effect, with one call of the original NtGetWriteWatch that fails
// before it takes any lock. `answer` becomes its status.
Convention detect_convention(void* nt_get_write_watch, NTSTATUS& answer) noexcept;

} // namespace ww::wine
