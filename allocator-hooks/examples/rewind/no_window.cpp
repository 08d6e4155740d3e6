// SPDX-License-Identifier: MIT
// Where SDL2 was not there to build with.
#include "window.h"

#include <stdexcept>

namespace rewind_example {

void play_in_window(Core&, Way&, MemoryMap&, std::size_t) {
    throw std::runtime_error("built without SDL2: there is no window");
}

} // namespace rewind_example
