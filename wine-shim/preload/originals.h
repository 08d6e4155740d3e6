// SPDX-License-Identifier: MIT
// Wine's own functions, callable like any other here, whatever convention they
// were compiled for.
#pragma once

#include "convention.h"
#include "hooked_calls.h"

namespace ww::wine {

namespace original {
#define WW_DECLARE(name, parameters, arguments) extern NTSTATUS(*name) parameters;
WW_HOOKED_CALLS(WW_DECLARE)
WW_HELPER_CALLS(WW_DECLARE) // NULL where this Wine has none
#undef WW_DECLARE
} // namespace original

// Once, before the first hook can be called.
void set_originals(void* const (&functions)[kHookedCalls], void* const (&helpers)[kHelperCalls],
                   Convention in) noexcept;

} // namespace ww::wine
