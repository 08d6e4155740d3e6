// SPDX-License-Identifier: MIT
// Ways to go back in time: what front ends do today, and checkpoints.
#pragma once

#include "core.h"

#include <writewatch/snapshot.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace rewind_example {

// Keeps the last frames; each way answers for itself what it costs.
class Way {
public:
    virtual ~Way() = default;
    virtual std::string_view name() const = 0;
    // After a frame: it can be gone back to from now on.
    virtual void keep() = 0;
    // To the state that was kept `frames` keeps ago; later ones are gone.
    virtual void rewind(std::size_t frames) = 0;
    virtual std::size_t bytes_kept() const = 0;
    virtual std::size_t frames_kept() const = 0;
    // Overwrites what it does not keep: whoever needs that shows it now.
    virtual void spoil() {}
};

// The core's own state, whole, for each frame.
std::unique_ptr<Way> make_serialize(Core& core, std::size_t frames);
// The latest whole, older ones as what differs from their successor.
std::unique_ptr<Way> make_serialize_difference(Core& core, std::size_t frames);
// Everything that the core may write to, for each frame.
std::unique_ptr<Way> make_full_copy(std::vector<ww_range> memory, std::size_t frames);
// A checkpoint for each frame.
std::unique_ptr<Way> make_checkpoints(ww_tracker* tracker, const std::vector<ww_range>& memory,
                                      std::size_t frames, std::size_t bytes_limit);
// The same but for the pages of a picture that the core draws anew in each frame.
std::unique_ptr<Way> make_checkpoints_around(ww_tracker* tracker,
                                             const std::vector<ww_range>& memory,
                                             const ww_range& picture, std::size_t frames,
                                             std::size_t bytes_limit);

} // namespace rewind_example
