// SPDX-License-Identifier: MIT
// Which pages have contents, on every kernel: /proc/self/pagemap, 8 bytes a
// page. A page that was only ever read counts too, for no kernel without
// PAGEMAP_SCAN tells it from a written one.
#pragma once

#include "kernel/handles.h"

#include <cstddef>
#include <cstdint>

namespace ww::kernel {

class PopulatedPages {
public:
    // Opens the file; error() tells whether that went well.
    PopulatedPages() noexcept;
    Error error() const noexcept { return error_; }

    // The first run of populated pages in the range; empty if there is none, or
    // on an error. Runs may touch.
    Range first_run(Range range) noexcept;

private:
    static constexpr std::size_t kEntries = 512;
    bool read_from(std::uintptr_t page, std::uintptr_t end) noexcept;

    UniqueFd file_;
    Error error_;
    std::uint64_t entries_[kEntries];
    std::size_t filled_ = 0;
};

} // namespace ww::kernel
