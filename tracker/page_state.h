// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ww {

// What is said of a page that is reported.
enum class PageState : std::uint8_t {
    written = 1,
    discarded = 2, // its contents were dropped, and nothing was written since
    unknown = 3,   // other memory came in its place without a word
};

} // namespace ww
