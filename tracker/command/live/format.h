// SPDX-License-Identifier: MIT
// Numbers for people, in few columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ww::command {

std::string short_bytes(double bytes);    // 0, 512, 4.0K, 1.5M, 12G
std::string short_number(double number);  // 0, 0.5, 60, 1.2k
std::string short_time(double ns);        // 0, 850ns, 12us, 1.5ms
std::string short_percent(double share);  // 0%, 0.8%, 12%

// Whether the terminal can show block characters.
bool can_show_blocks();

// How much of something is written: 0 to 1, less than 0 where nothing is there.
// As one of six steps: nothing there, clean, and four of being written.
int heat_step(float heat) noexcept;
const char* heat_mark(float heat, bool blocks) noexcept;
std::string heat_strip(std::span<const float> heat, bool blocks);

} // namespace ww::command
