// SPDX-License-Identifier: MIT
#include "screen.h"

#include <algorithm>

namespace rewind_example {

namespace {

constexpr std::uint32_t kBackground = 0x101418;
constexpr std::uint32_t kPanel = 0x1c242c;
constexpr std::uint32_t kForwards = 0x3fa7d6;
constexpr std::uint32_t kBackwards = 0xee6352;
constexpr std::uint32_t kNow = 0xffffff;

// From a page that is there to one that was just written.
std::uint32_t color_of(float level) {
    const auto mix = [level](unsigned cold, unsigned hot) {
        return cold + static_cast<unsigned>(level * static_cast<float>(hot - cold));
    };
    return mix(0x2b, 0xff) << 16 | mix(0x38, 0xd0) << 8 | mix(0x44, 0x50);
}

// The largest squares that so many of find room as.
unsigned cell_size(const Area& area, std::size_t count) {
    unsigned size = 24;
    while (size > 1 && std::size_t{area.width / size} * (area.height / size) < count)
        --size;
    return size;
}

} // namespace

Screen::Screen() : pixels_(std::size_t{kWidth} * kHeight, kBackground) {}

void Screen::draw(const Picture& picture, std::span<const float> levels,
                  std::span<const std::size_t> written, bool backwards) {
    draw_frame(picture);
    draw_map(levels);
    draw_timeline(written, backwards);
}

void Screen::fill(const Area& area, std::uint32_t color) {
    for (unsigned y = 0; y < area.height; ++y)
        std::fill_n(pixels_.begin() + (area.top + y) * kWidth + area.left, area.width, color);
}

// As many times as large as fits, in the middle.
void Screen::draw_frame(const Picture& picture) {
    fill(kFrame, 0);
    if (picture.width == 0 || picture.width > kFrame.width || picture.height > kFrame.height)
        return;
    const unsigned scale = std::min(kFrame.width / picture.width, kFrame.height / picture.height);
    const unsigned left = kFrame.left + (kFrame.width - picture.width * scale) / 2;
    const unsigned top = kFrame.top + (kFrame.height - picture.height * scale) / 2;
    for (unsigned y = 0; y < picture.height; ++y) {
        for (unsigned x = 0; x < picture.width; ++x)
            fill({left + x * scale, top + y * scale, scale, scale},
                 picture.pixels[std::size_t{y} * picture.width + x]);
    }
}

void Screen::draw_map(std::span<const float> levels) {
    fill(kMap, kPanel);
    const unsigned size = cell_size(kMap, levels.size());
    const unsigned columns = kMap.width / size;
    const std::size_t most = std::size_t{columns} * (kMap.height / size);
    const unsigned gap = size > 3 ? 1 : 0;
    for (std::size_t i = 0; i < std::min(levels.size(), most); ++i) {
        const auto column = static_cast<unsigned>(i % columns);
        const auto row = static_cast<unsigned>(i / columns);
        fill({kMap.left + column * size, kMap.top + row * size, size - gap, size - gap},
             color_of(levels[i]));
    }
}

// A bar for each checkpoint, as high as pages were written; the newest at the
// right end stands for now.
void Screen::draw_timeline(std::span<const std::size_t> written, bool backwards) {
    fill(kTimeline, kPanel);
    if (written.empty())
        return;
    constexpr unsigned kBar = 2;
    const std::size_t shown = std::min<std::size_t>(written.size(), kTimeline.width / kBar);
    const std::span<const std::size_t> last = written.last(shown);
    const std::size_t most = std::max<std::size_t>(1, std::ranges::max(last));
    for (std::size_t i = 0; i < shown; ++i) {
        const auto height = static_cast<unsigned>(4 + last[i] * (kTimeline.height - 8) / most);
        const bool now = i + 1 == shown;
        fill({kTimeline.left + static_cast<unsigned>(i) * kBar,
              kTimeline.top + kTimeline.height - height, kBar, height},
             now ? kNow : backwards ? kBackwards : kForwards);
    }
}

} // namespace rewind_example
