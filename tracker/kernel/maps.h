// SPDX-License-Identifier: MIT
// Reads /proc/self/maps without allocating.
#pragma once

#include "kernel/handles.h"

#include <cstddef>

namespace ww::kernel {

struct MapsEntry {
    Range range;
    bool shared = false;
    bool has_inode = false;
};

class MapsReader {
public:
    // Opens the file; error() tells whether that went well.
    MapsReader() noexcept;
    Error error() const noexcept { return error_; }

    // The next mapping in ascending order, valid until the next call; nullptr
    // behind the last.
    const MapsEntry* next() noexcept;

private:
    int next_byte() noexcept;
    bool parse_line() noexcept;

    UniqueFd file_;
    Error error_;
    MapsEntry entry_;
    std::size_t used_ = 0;
    std::size_t filled_ = 0;
    char buffer_[1024];
};

} // namespace ww::kernel
