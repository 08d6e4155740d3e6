// SPDX-License-Identifier: MIT
// What a front end needs of libretro's interface, as its documentation
// describes it: names, numbers and layouts are libretro's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace libretro {

struct GameInfo {
    const char* path;
    const void* data;
    std::size_t size;
    const char* meta;
};

struct Variable {
    const char* key;
    const char* value;
};

enum Environment : unsigned {
    kCanDuplicateFrames = 3,
    kSystemDirectory = 9,
    kSetPixelFormat = 10,
    kGetVariable = 15,
    kVariablesChanged = 17,
    kLogInterface = 27,
    kSaveDirectory = 31,
};
inline constexpr unsigned kEnvironmentMask = 0xffff; // above: experimental, private

enum PixelFormat : int { kRgb1555 = 0, kXrgb8888 = 1, kRgb565 = 2 };
inline constexpr unsigned kJoypad = 1;

using EnvironmentCallback = bool (*)(unsigned command, void* data);
using VideoCallback = void (*)(const void* pixels, unsigned width, unsigned height,
                               std::size_t pitch);
using AudioCallback = void (*)(std::int16_t left, std::int16_t right);
using AudioBatchCallback = std::size_t (*)(const std::int16_t* samples, std::size_t frames);
using InputPollCallback = void (*)();
using InputStateCallback = std::int16_t (*)(unsigned port, unsigned device, unsigned index,
                                            unsigned id);
using LogCallback = void (*)(int level, const char* format, ...);

} // namespace libretro
