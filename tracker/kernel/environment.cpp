// SPDX-License-Identifier: MIT
#include "kernel/environment.h"

#include <cstdlib>

namespace ww::kernel {

const char* user_setting(const char* name) noexcept {
    return ::secure_getenv(name);
}

} // namespace ww::kernel
