// SPDX-License-Identifier: MIT
// Wine's fallback, and that of most garbage collectors: read-only pages, a byte
// a page, and a signal for each first write. One watch at a time.
#pragma once

#include "../peer.h"

namespace bench {

std::function<std::unique_ptr<Peer>(Touched)> mprotect_fallback();

} // namespace bench
