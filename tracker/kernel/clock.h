// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ww::kernel {

// Monotonic.
std::uint64_t now_ns() noexcept;

} // namespace ww::kernel
