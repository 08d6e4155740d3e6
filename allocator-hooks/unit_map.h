// SPDX-License-Identifier: MIT
// Which units of a reservation are taken. Any thread takes and gives back runs
// without a lock: a run is claimed word by word, and let go again where another
// thread was faster.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ww::hooks {

class UnitMap {
public:
    using Word = std::atomic<std::uint64_t>;
    static constexpr std::size_t kWordBits = 64;

    // The words start as zeros: all free.
    UnitMap(std::span<Word> words, std::size_t unit_count) noexcept
        : words_(words), unit_count_(unit_count) {}

    // The first of `count` units in a row, at a multiple of `alignment` units,
    // which are the caller's now; nothing if there are none.
    std::optional<std::size_t> take(std::size_t count, std::size_t alignment) noexcept;

    void give_back(std::size_t first, std::size_t count) noexcept;

    // Whether all of them are taken.
    bool taken(std::size_t first, std::size_t count) const noexcept;

private:
    std::size_t free_units_at(std::size_t first, std::size_t wanted) const noexcept;
    bool claim(std::size_t first, std::size_t count) noexcept;

    std::span<Word> words_;
    std::size_t unit_count_;
};

} // namespace ww::hooks
