// SPDX-License-Identifier: MIT
// What the numbers were measured on. No names: results are published.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bench {

// "kernel", "cpu", "cores", "page size", "memory", "load".
std::vector<std::pair<std::string, std::string>> machine();

} // namespace bench
