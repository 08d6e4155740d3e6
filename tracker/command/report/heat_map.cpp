// SPDX-License-Identifier: MIT
#include "report/heat_map.h"

#include <algorithm>
#include <cmath>

namespace ww::command {

std::vector<UsedPiece> used_pieces(const Recording& recording) {
    const std::size_t count = recording.watches.size();
    std::vector<UsedPiece> pieces(count);
    std::vector<double> part_bytes(count);
    for (const Sample& sample : recording.samples) {
        for (const WatchSample& seen : sample.watches) {
            if (seen.committed == 0)
                continue;
            UsedPiece& piece = pieces[seen.watch];
            const std::uint64_t from = piece.bytes == 0 ? seen.from : std::min(piece.from, seen.from);
            piece.bytes = std::max(piece.from + piece.bytes, seen.from + seen.bytes) - from;
            piece.from = from;
            const double size = static_cast<double>(seen.bytes) / static_cast<double>(seen.heat.size());
            double& smallest = part_bytes[seen.watch];
            smallest = smallest == 0 ? size : std::min(smallest, size);
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (pieces[i].bytes == 0)
            pieces[i].bytes = recording.watches[i].bytes;
        else
            pieces[i].parts = static_cast<std::size_t>(
                std::clamp(static_cast<double>(pieces[i].bytes) / part_bytes[i], 1.0, 65536.0));
    }
    return pieces;
}

HeatMap::HeatMap(const Recording& recording, std::size_t columns, std::size_t rows)
    : columns_(std::max<std::size_t>(columns, 1)) {
    make_bands(recording, rows);
    heat_.resize(rows_ * columns_);
    paint(recording);
}

// One of which more is known is somewhat higher; one where nothing was is low.
void HeatMap::make_bands(const Recording& recording, std::size_t rows) {
    const std::vector<UsedPiece> pieces = used_pieces(recording);
    std::vector<double> weights;
    double sum = 0;
    for (const UsedPiece& piece : pieces)
        sum += weights.emplace_back(1 + std::log2(static_cast<double>(piece.parts)));
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const auto share = static_cast<std::size_t>(static_cast<double>(rows) * weights[i] / sum);
        const std::size_t height = std::clamp<std::size_t>(share, 1, pieces[i].parts);
        bands_.push_back({i, pieces[i], rows_, height, std::vector<double>(columns_)});
        rows_ += height;
    }
}

std::size_t HeatMap::column_of(std::uint64_t ns, std::uint64_t duration) const noexcept {
    const double share = static_cast<double>(ns) / static_cast<double>(duration + 1);
    return std::min(static_cast<std::size_t>(share * static_cast<double>(columns_)), columns_ - 1);
}

// What was seen holds until the next look.
void HeatMap::paint(const Recording& recording) {
    const std::uint64_t duration = recording.duration_ns();
    std::vector<QueryCounts> before(recording.watches.size());
    std::vector<bool> known(recording.watches.size());
    for (std::size_t i = 0; i < recording.samples.size(); ++i) {
        const Sample& sample = recording.samples[i];
        const std::size_t first = column_of(sample.ns, duration);
        const std::size_t next = i + 1 < recording.samples.size()
                                     ? column_of(recording.samples[i + 1].ns, duration)
                                     : columns_;
        for (const WatchSample& seen : sample.watches) {
            Band& band = bands_[seen.watch];
            paint(band, seen, first, std::max(next, first + 1));
            if (known[seen.watch])
                band.queries[first] +=
                    static_cast<double>((seen.counts - before[seen.watch]).queries());
            before[seen.watch] = seen.counts;
            known[seen.watch] = true;
        }
    }
}

void HeatMap::paint(const Band& band, const WatchSample& sample, std::size_t first,
                    std::size_t end) {
    const auto cells = static_cast<double>(sample.heat.size());
    // Where a row begins, counted in the cells of this sample.
    constexpr double kRounding = 1e-6;
    const auto place_of = [&](std::size_t row) {
        const double offset = static_cast<double>(band.piece.bytes) / static_cast<double>(band.rows) *
                                  static_cast<double>(row) +
                              static_cast<double>(band.piece.from) - static_cast<double>(sample.from);
        return offset / static_cast<double>(sample.bytes) * cells + kRounding;
    };
    for (std::size_t row = 0; row < band.rows; ++row) {
        const double from = std::floor(std::max(place_of(row), 0.0));
        const double to = std::min(std::max(std::floor(place_of(row + 1)), from + 1), cells);
        if (from >= to || place_of(row + 1) < 2 * kRounding)
            continue;
        const std::uint8_t hottest = *std::max_element(
            sample.heat.begin() + static_cast<std::ptrdiff_t>(from),
            sample.heat.begin() + static_cast<std::ptrdiff_t>(to));
        std::uint8_t* line = &heat_[(band.first_row + row) * columns_];
        for (std::size_t column = first; column < end; ++column)
            line[column] = std::max(line[column], hottest);
    }
}

float as_share(std::uint8_t heat) noexcept {
    if (heat < 2)
        return heat == 0 ? -1.0F : 0.0F;
    return std::max((static_cast<float>(heat) - 2) / 253, 0.001F);
}

} // namespace ww::command
