// SPDX-License-Identifier: MIT
// The pages of some memory and how lately each was written.
#pragma once

#include <writewatch/writewatch.h>

#include <cstddef>
#include <map>
#include <vector>

namespace rewind_example {

class MemoryMap {
public:
    // Shows the pages that hold memory now, and others once they are written.
    MemoryMap(ww_tracker* tracker, std::vector<ww_range> watched);

    // What was written since the last checkpoint lights up, the rest fades. Before
    // the next is taken; hot pages count as written. Gives how many light up.
    std::size_t look();

    // In the order of their addresses: 1 as it lights up, down to 0.
    std::vector<float> levels() const;

private:
    ww_tracker* tracker_;
    std::vector<ww_range> watched_;
    std::map<char*, float> levels_;
};

} // namespace rewind_example
