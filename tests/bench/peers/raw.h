// SPDX-License-Identifier: MIT
// The least that can be done: one ioctl with the best mask for the memory, into
// a buffer that holds every possible answer and was touched ahead. It keeps no
// books, bounds nothing, and knows of no failure.
#pragma once

#include "../peer.h"

namespace bench {

enum class RawForm { addresses, ranges, bitmap };

std::function<std::unique_ptr<Peer>(Touched)> raw(RawForm form);

} // namespace bench
