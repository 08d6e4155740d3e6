// SPDX-License-Identifier: MIT
// Random sequences of operations, and smaller ones that may fail as well.
#pragma once

#include "operation.h"

#include <rapidcheck/Gen.h>
#include <rapidcheck/Random.h>
#include <vector>

namespace property {

// About `length` operations.
Sequence random_sequence(rc::Random random, std::size_t length);

// The same operation on fewer pages, on pages nearer to the first, or simpler.
std::vector<Operation> simpler(const Operation& operation);

// Sequences of 30 to 180 operations for rapidcheck's sizes 0 to 100.
rc::Gen<Sequence> sequences();

} // namespace property
