// SPDX-License-Identifier: MIT
// This project's tracker, through its public header.
#pragma once

#include "../peer.h"

namespace bench {

enum class OursForm { addresses, ranges, bitmap, count };

std::function<std::unique_ptr<Peer>(Touched)> ours(OursForm form);

} // namespace bench
