// SPDX-License-Identifier: MIT
#pragma once

namespace ww::kernel {

// What a program may do with a piece of its memory, as mprotect(2) sets it.
struct Access {
    bool read = false;
    bool write = false;
    bool execute = false;

    constexpr Access without_write() const noexcept { return {read, false, execute}; }
    friend constexpr bool operator==(Access, Access) noexcept = default;
};

} // namespace ww::kernel
