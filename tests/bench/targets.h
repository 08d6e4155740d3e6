// SPDX-License-Identifier: MIT
// What the tracker is to reach, and whether it did.
#pragma once

#include "experiment.h"

namespace bench {

// A table on standard output: what, ours, the peer's, ratio, target, verdict.
// Rows that nothing was measured for are left out.
void print_targets(const Medians& medians);

} // namespace bench
