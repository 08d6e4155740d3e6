// SPDX-License-Identifier: MIT
#pragma once

#include "win32.h"

namespace ww::wine {

// The NTSTATUS for a negative errno value of the tracker. Never a success.
NTSTATUS status_from_error(std::ptrdiff_t error) noexcept;

} // namespace ww::wine
