// SPDX-License-Identifier: MIT
#include "originals.h"

namespace ww::wine {

namespace original {
#define WW_DEFINE(name, parameters, arguments) NTSTATUS(*name) parameters = nullptr;
WW_HOOKED_CALLS(WW_DEFINE)
WW_HELPER_CALLS(WW_DEFINE)
#undef WW_DEFINE
} // namespace original

namespace {

// A pointer and a function apiece, rather than a branch at each call: GCC 12
// merges two calls that differ in nothing but the convention into one.
#define WW_THUNK(convention, attribute, name, parameters, arguments)                               \
    NTSTATUS(attribute* convention##_##name) parameters = nullptr;                                 \
    NTSTATUS through_##convention##_##name parameters {                                            \
        return convention##_##name arguments;                                                      \
    }
#define WW_THUNKS(...) WW_CONVENTIONS(WW_THUNK, __VA_ARGS__)
WW_HOOKED_CALLS(WW_THUNKS)
WW_HELPER_CALLS(WW_THUNKS)
#undef WW_THUNKS
#undef WW_THUNK

} // namespace

void set_originals(void* const (&functions)[kHookedCalls], void* const (&helpers)[kHelperCalls],
                   Convention in) noexcept {
#define WW_SET(convention, attribute, function, name)                                              \
    if (in == Convention::convention && (function) != nullptr) {                                   \
        convention##_##name = reinterpret_cast<decltype(convention##_##name)>(function);           \
        original::name = through_##convention##_##name;                                            \
    }
#define WW_SET_HOOKED(name, parameters, arguments)                                                 \
    WW_CONVENTIONS(WW_SET, functions[k##name], name)
#define WW_SET_HELPER(name, parameters, arguments) WW_CONVENTIONS(WW_SET, helpers[k##name], name)
    WW_HOOKED_CALLS(WW_SET_HOOKED)
    WW_HELPER_CALLS(WW_SET_HELPER)
#undef WW_SET_HELPER
#undef WW_SET_HOOKED
#undef WW_SET
}

} // namespace ww::wine
