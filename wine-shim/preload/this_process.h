// SPDX-License-Identifier: MIT
#pragma once

#include "originals.h"

namespace ww::wine {

// Whether a handle stands for this process: the usual pseudo handle, or one
// that was opened. Through such a one Wine works on our own memory in calls
// that pass no table. Costs a request to wineserver for a real handle.
inline bool is_this_process(HANDLE process) noexcept {
    const auto pseudo_handle = reinterpret_cast<HANDLE>(std::intptr_t{-1});
    return process == pseudo_handle ||
           (original::NtCompareObjects != nullptr &&
            original::NtCompareObjects(process, pseudo_handle) == STATUS_SUCCESS);
}

// Where this Wine cannot tell, too.
inline bool may_be_this_process(HANDLE process) noexcept {
    return original::NtCompareObjects == nullptr || is_this_process(process);
}

} // namespace ww::wine
