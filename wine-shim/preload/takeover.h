// SPDX-License-Identifier: MIT
#pragma once

#include "elf_image.h"
#include "switches.h"

namespace ww::wine {

// Puts our functions in place of Wine's in its ntdll.so if everything about it,
// and about what the user asked for, is as expected. If not, Wine is left as it
// was, and one line on stderr says why.
//
// Also while other threads are calling: memory that Wine watches by then stays
// Wine's, and ours is only what is allocated when all hooks are in place.
void take_over(const ElfImage& ntdll, const Switches& switches) noexcept;

} // namespace ww::wine
