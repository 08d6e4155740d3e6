// SPDX-License-Identifier: MIT
// What stands in Wine's system-call table in place of its own functions.
#pragma once

#include "convention.h"
#include "hooked_calls.h"

namespace ww::wine {

// The entries for the table, in the convention that its callers use.
void get_hooks(void* (&hooks)[kHookedCalls], Convention in) noexcept;

} // namespace ww::wine
