// SPDX-License-Identifier: MIT
#include "originals.h"

namespace ww::wine {

namespace original {
#define WW_DEFINE(name, parameters, arguments) NTSTATUS(*name) parameters = nullptr;
WW_HOOKED_CALLS(WW_DEFINE)
#undef WW_DEFINE
} // namespace original

namespace {

// A pointer and a function apiece, rather than a branch at each call: GCC 12
// merges two calls that differ in nothing but the convention into one.
#define WW_THROUGH_MS_ABI(name, parameters, arguments)                                             \
    NTSTATUS(__attribute__((ms_abi)) * ms_abi_##name) parameters = nullptr;                        \
    NTSTATUS through_ms_abi_##name parameters {                                                    \
        return ms_abi_##name arguments;                                                            \
    }
WW_HOOKED_CALLS(WW_THROUGH_MS_ABI)
#undef WW_THROUGH_MS_ABI

} // namespace

void set_originals(void* const (&functions)[kHookedCalls], Convention convention) noexcept {
#define WW_SET(name, parameters, arguments)                                                        \
    if (convention == Convention::ms_abi) {                                                        \
        ms_abi_##name = reinterpret_cast<decltype(ms_abi_##name)>(functions[k##name]);             \
        original::name = through_ms_abi_##name;                                                    \
    } else {                                                                                       \
        original::name = reinterpret_cast<decltype(original::name)>(functions[k##name]);           \
    }
    WW_HOOKED_CALLS(WW_SET)
#undef WW_SET
}

} // namespace ww::wine
