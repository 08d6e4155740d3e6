// SPDX-License-Identifier: MIT
// The writable data segments of libraries that the environment names.
#pragma once

#include <writewatch/writewatch.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace ww::hooks {

// Whether `path` ends in `name`, at the begin of a component.
bool names_library(std::string_view name, std::string_view path) noexcept;

class DataSegments {
public:
    // Found and watched at the first call.
    static const DataSegments& watched_by(ww_tracker& tracker) noexcept;

    std::size_t count() const noexcept { return count_; }
    ww_range operator[](std::size_t i) const noexcept { return ranges_[i]; }

private:
    void find_and_watch(ww_tracker& tracker, std::string_view names) noexcept;
    void watch(ww_tracker& tracker, ww_range range) noexcept;

    std::array<ww_range, 64> ranges_{};
    std::size_t count_ = 0;
};

} // namespace ww::hooks
