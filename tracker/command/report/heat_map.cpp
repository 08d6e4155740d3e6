// SPDX-License-Identifier: MIT
#include "report/heat_map.h"

#include <algorithm>
#include <cmath>

namespace ww::command {

HeatMap::HeatMap(const Recording& recording, std::size_t columns, std::size_t rows)
    : columns_(std::max<std::size_t>(columns, 1)) {
    make_bands(recording, rows);
    heat_.resize(rows_ * columns_);
    paint(recording);
}

// A watch that is a thousand times as large is some times as high.
void HeatMap::make_bands(const Recording& recording, std::size_t rows) {
    std::vector<double> weights;
    double sum = 0;
    for (const RecordedWatch& watch : recording.watches) {
        const auto pages = static_cast<double>(watch.bytes / watch.page_bytes);
        sum += weights.emplace_back(1 + std::log2(std::max(pages, 1.0)));
    }
    for (std::size_t i = 0; i < recording.watches.size(); ++i) {
        const auto share = static_cast<std::size_t>(static_cast<double>(rows) * weights[i] / sum);
        const std::size_t height = std::clamp<std::size_t>(share, 1, recording.watches[i].cells);
        bands_.push_back({i, rows_, height, std::vector<double>(columns_)});
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
    const std::size_t cells = sample.heat.size();
    for (std::size_t row = 0; row < band.rows; ++row) {
        const std::size_t from = row * cells / band.rows;
        const std::size_t to = std::max((row + 1) * cells / band.rows, from + 1);
        std::uint8_t hottest = 0;
        for (std::size_t cell = from; cell < std::min(to, cells); ++cell)
            hottest = std::max(hottest, sample.heat[cell]);
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
