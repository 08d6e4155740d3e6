// SPDX-License-Identifier: MIT
// A recording as a picture: time from left to right, a band of rows for each
// watch. A cell is as hot as the hottest of what falls into it, so that a single
// page for a single moment is to be seen.
#pragma once

#include "record/recording.h"

#include <cstdint>
#include <vector>

namespace ww::command {

// What of a watch was ever in use: all of it if nothing was.
struct UsedPiece {
    std::uint64_t from = 0; // bytes from the start of the watch
    std::uint64_t bytes = 0;
    std::size_t parts = 1; // of the size of the smallest that was recorded
};
// One for each watch.
std::vector<UsedPiece> used_pieces(const Recording& recording);

class HeatMap {
public:
    struct Band {
        std::size_t watch;
        UsedPiece piece;
        std::size_t first_row;
        std::size_t rows;
        std::vector<double> queries; // in each column
    };

    // `rows` is for all bands together; each has one at least.
    HeatMap(const Recording& recording, std::size_t columns, std::size_t rows);

    std::size_t columns() const noexcept { return columns_; }
    std::size_t rows() const noexcept { return rows_; }
    const std::vector<Band>& bands() const noexcept { return bands_; }
    // As WatchSample::heat.
    std::uint8_t at(std::size_t row, std::size_t column) const noexcept {
        return heat_[row * columns_ + column];
    }

private:
    void make_bands(const Recording& recording, std::size_t rows);
    void paint(const Recording& recording);
    void paint(const Band& band, const WatchSample& sample, std::size_t first, std::size_t end);
    std::size_t column_of(std::uint64_t ns, std::uint64_t duration) const noexcept;

    std::size_t columns_;
    std::size_t rows_ = 0;
    std::vector<Band> bands_;
    std::vector<std::uint8_t> heat_;
};

// 0 to 1, less than 0 where nothing is: as in the live view.
float as_share(std::uint8_t heat) noexcept;

} // namespace ww::command
