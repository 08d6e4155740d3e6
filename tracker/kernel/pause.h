// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ww::kernel {

// Lets other threads have the process's memory map between the scans of one
// collect. A scan holds it as a reader, and the next one would take it again
// before a waiter that was woken runs: shorter scans alone help nobody. So
// after some time of scanning the map is asked for as a writer, for a change
// that changes nothing. That queues behind those who wait already; if nobody
// does it costs a fifth of a microsecond, where a pause would cost 20.
class Pacer {
public:
    // Most collects are a single scan and do not even look at the clock.
    void before_scan() noexcept {
        if (scanned_)
            let_others_through();
        scanned_ = true;
    }

private:
    void let_others_through() noexcept;

    bool scanned_ = false;
    std::uint64_t let_through_ns_ = 0; // when last
};

} // namespace ww::kernel
