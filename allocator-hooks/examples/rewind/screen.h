// SPDX-License-Identifier: MIT
// What the window shows, as pixels: the frame, a map of the memory beside it, and
// the checkpoints below.
#pragma once

#include "core.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rewind_example {

struct Area {
    unsigned left;
    unsigned top;
    unsigned width;
    unsigned height;
};

class Screen {
public:
    static constexpr unsigned kWidth = 880;
    static constexpr unsigned kHeight = 540;
    static constexpr Area kFrame{16, 16, 512, 432};
    static constexpr Area kMap{544, 16, 320, 432};
    static constexpr Area kTimeline{16, 464, 848, 60};

    Screen();

    // `levels`: of pages, 0 to 1. `written`: pages of each checkpoint, the oldest
    // first; the last is where we are. `backwards`: going back.
    void draw(const Picture& picture, std::span<const float> levels,
              std::span<const std::size_t> written, bool backwards);

    const std::vector<std::uint32_t>& pixels() const noexcept { return pixels_; } // 0x00RRGGBB

private:
    void fill(const Area& area, std::uint32_t color);
    void draw_frame(const Picture& picture);
    void draw_map(std::span<const float> levels);
    void draw_timeline(std::span<const std::size_t> written, bool backwards);

    std::vector<std::uint32_t> pixels_;
};

} // namespace rewind_example
