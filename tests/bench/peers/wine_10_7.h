// SPDX-License-Identifier: MIT
// What Wine does since 10.7 where the kernel serves: the whole range is armed
// when it is watched; a query blocks signals, takes the lock of all virtual
// memory, and asks with the fast mask, 256 regions a call.
#pragma once

#include "../peer.h"

namespace bench {

std::function<std::unique_ptr<Peer>(Touched)> wine_10_7();

} // namespace bench
