// SPDX-License-Identifier: MIT
// What programs do that have no tracker at all: keep a copy of everything, and
// compare. Not safe against writers that run meanwhile.
#pragma once

#include "../peer.h"

namespace bench {

std::function<std::unique_ptr<Peer>(Touched)> full_copy();

} // namespace bench
