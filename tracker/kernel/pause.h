// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ww::kernel {

// Lets other threads have the process's memory map between the scans of one
// collect. A scan holds it as a reader, and the next one would take it again
// before a waiter that was woken runs: shorter scans alone help nobody. So
// after some time of scanning the map is asked for as a writer, which takes
// longer while others wait for it. Only then is it left to them until they had
// it, or for 40 microseconds at most. If nobody waits it costs a fifth of a
// microsecond. A waiter that is overlooked waits no longer than without us: the
// kernel hands the map over after 4 milliseconds.
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
