// SPDX-License-Identifier: MIT
#include "memory_map.h"

#include "measure.h"

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

namespace rewind_example {

namespace {

constexpr float kFade = 0.85F; // a frame

} // namespace

MemoryMap::MemoryMap(ww_tracker* tracker, std::vector<ww_range> watched)
    : tracker_(tracker), watched_(std::move(watched)) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (const ww_range& part : populated(watched_)) {
        for (std::size_t at = 0; at < part.bytes; at += page)
            levels_[static_cast<char*>(part.base) + at] = 0;
    }
}

std::size_t MemoryMap::look() {
    for (auto& [page, level] : levels_)
        level *= kFade;
    std::size_t written = 0;
    std::array<void*, 512> pages;
    for (const ww_range& range : watched_) {
        char* const end = static_cast<char*>(range.base) + range.bytes;
        for (void* rest = range.base; rest != end;) {
            const std::ptrdiff_t found = ww_collect_pages(
                tracker_, rest, static_cast<std::size_t>(end - static_cast<char*>(rest)), 0,
                pages.data(), pages.size(), &rest);
            if (found < 0)
                throw std::runtime_error(std::string{"written pages: "} +
                                         std::strerror(static_cast<int>(-found)));
            for (std::ptrdiff_t i = 0; i < found; ++i)
                levels_[static_cast<char*>(pages[static_cast<std::size_t>(i)])] = 1;
            written += static_cast<std::size_t>(found);
        }
    }
    return written;
}

std::vector<float> MemoryMap::levels() const {
    std::vector<float> levels;
    levels.reserve(levels_.size());
    for (const auto& [page, level] : levels_)
        levels.push_back(level);
    return levels;
}

} // namespace rewind_example
