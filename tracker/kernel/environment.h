// SPDX-License-Identifier: MIT
#pragma once

namespace ww::kernel {

// What the user says in the environment; nullptr if nothing, or if the process
// has more privileges than its user.
const char* user_setting(const char* name) noexcept;

} // namespace ww::kernel
