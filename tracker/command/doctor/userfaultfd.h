// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace ww::command {

// How userfaultfd can be had; the name of an error, as "EPERM", or empty where
// it can.
struct UserfaultfdAccess {
    std::string call_error;
    std::string device_error;
};

UserfaultfdAccess try_userfaultfd();

} // namespace ww::command
