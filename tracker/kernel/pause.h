// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace ww::kernel {

// Keeps scans of one collect so far apart that a thread waiting for the
// process's memory map gets it between them. Without a pause the scan re-takes
// that lock before the woken waiter runs, and shorter scans help nobody
// (measured: 20 microseconds do, 5 do not). Time that the caller spends on what
// was found counts, and so little work that nobody could mind needs no pause.
class Pacer {
public:
    explicit Pacer(std::size_t pages_between_pauses) noexcept : limit_(pages_between_pauses) {}
    void before_scan() noexcept;
    void after_scan(std::size_t pages) noexcept;

private:
    std::size_t limit_;
    std::size_t pages_ = 0;
    std::uint64_t ended_ns_ = 0;
};

} // namespace ww::kernel
