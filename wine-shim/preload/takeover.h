// SPDX-License-Identifier: MIT
#pragma once

namespace ww::wine {

// Puts our functions in place of Wine's, in the ntdll.so behind `handle`, if
// everything about it is as expected. If not, Wine is left as it was, and one
// line on stderr says why. With `log` a success is one line, too.
void take_over(void* handle, bool log) noexcept;

} // namespace ww::wine
