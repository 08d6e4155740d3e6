// SPDX-License-Identifier: MIT
#include "survey.h"

#include <algorithm>

namespace ww {

Survey::Survey(std::span<const Watched> parts) noexcept : parts_(parts) {
    std::ranges::transform(parts, untracked_.begin(),
                           [](const Watched& part) { return part.range.bytes(); });
}

void Survey::found(Range tracked, bool written) noexcept {
    while (next_ < parts_.size() && parts_[next_].range.end <= tracked.start)
        ++next_;
    for (std::size_t i = next_; i < parts_.size() && parts_[i].range.start < tracked.end; ++i) {
        untracked_[i] -= intersection(parts_[i].range, tracked).bytes();
        written_ |= std::uint64_t{written} << i;
    }
}

std::uint64_t Survey::open_parts() const noexcept {
    std::uint64_t open = written_;
    for (std::size_t i = 0; i < parts_.size(); ++i)
        open |= std::uint64_t{untracked_[i] != 0} << i;
    return open;
}

} // namespace ww
