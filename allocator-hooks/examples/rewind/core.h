// SPDX-License-Identifier: MIT
// A libretro core, loaded and played without a player.
#pragma once

#include "libretro_api.h"

#include <writewatch/writewatch.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rewind_example {

struct Picture {
    unsigned width = 0;
    unsigned height = 0;
    std::vector<std::uint32_t> pixels; // 0x00RRGGBB
};

class Core {
public:
    // Throws std::runtime_error with what went wrong. One at a time.
    Core(const std::string& library, const std::string& game);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // One frame with these buttons held (a bit for each of libretro's joypad).
    void run(unsigned buttons);

    const Picture& picture() const noexcept { return picture_; }
    std::uint64_t picture_hash() const noexcept;

    std::size_t state_bytes() const;
    void serialize(std::span<char> state) const;
    void unserialize(std::span<const char> state) const;

    // The library's writable data.
    std::vector<ww_range> data_segments() const;
    // Where the picture lay that it showed last.
    ww_range shown() const noexcept { return shown_; }

private:
    template<class Function>
    Function* find(const char* name) const;
    void set_callbacks();

    static bool environment(unsigned command, void* data);
    static void show(const void* pixels, unsigned width, unsigned height, std::size_t pitch);

    static Core* current; // libretro's callbacks carry no context
    std::string path_;
    std::string folder_;
    void* library_;
    Picture picture_;
    ww_range shown_{};
    libretro::PixelFormat format_ = libretro::kRgb1555;
    unsigned buttons_ = 0;
    std::vector<char> game_;
    void (*run_)();
    bool (*serialize_)(void*, std::size_t);
    bool (*unserialize_)(const void*, std::size_t);
    std::size_t (*serialize_size_)();
};

} // namespace rewind_example
