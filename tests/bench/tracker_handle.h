// SPDX-License-Identifier: MIT
// A tracker with watches, for questions that only it answers.
#pragma once

#include "memory.h"

#include <memory>
#include <stdexcept>
#include <writewatch/writewatch.h>

namespace bench {

class Tracker {
public:
    Tracker() {
        ww_tracker* tracker = nullptr;
        if (ww_tracker_create(&tracker) != 0)
            throw std::runtime_error{"ww_tracker_create"};
        tracker_.reset(tracker);
    }
    void watch(const Block& block) const {
        if (ww_watch(get(), block.base, block.bytes, WW_WATCH_ANONYMOUS) != 0)
            throw std::runtime_error{"ww_watch"};
    }
    ww_tracker* get() const { return tracker_.get(); }

private:
    struct Destroy {
        void operator()(ww_tracker* tracker) const { ww_tracker_destroy(tracker); }
    };
    std::unique_ptr<ww_tracker, Destroy> tracker_;
};

} // namespace bench
