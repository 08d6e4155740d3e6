// SPDX-License-Identifier: MIT
#pragma once

#include "kernel/capabilities.h"

namespace ww {

// The verdict on this process, found at the first call and remembered.
kernel::Verdict probe() noexcept;

} // namespace ww
