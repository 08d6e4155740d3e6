// SPDX-License-Identifier: MIT
#include "live/page_census.h"

#include <writewatch/pagemap_scan.h>

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include <linux/ioctl.h>
#include <sys/ioctl.h>

namespace ww::command {

namespace {

constexpr unsigned long kPagemapScan = _IOWR('f', 16, ww_pm_scan_arg); // PAGEMAP_SCAN

// One call holds the process's memory map for its whole walk: 140 microseconds
// for this much.
constexpr std::uint64_t kBytesPerCall = std::uint64_t{256} << 20;

// No page is smaller; numbers of them leave room for a factor.
constexpr std::uint64_t kUnit = 4096;

bool is_written(const ww_page_region& region) noexcept {
    return (region.categories & WW_PAGE_IS_WRITTEN) != 0 &&
           (region.categories & WW_PAGE_IS_PFNZERO) == 0;
}

// Of what is not in memory only the written is known to have contents: a mark
// on a page that was never touched looks like a swapped one.
bool is_committed(const ww_page_region& region) noexcept {
    return is_written(region) || ((region.categories & WW_PAGE_IS_PRESENT) != 0 &&
                                  (region.categories & WW_PAGE_IS_PFNZERO) == 0);
}

} // namespace

Cells::Cells(std::uint64_t start, std::uint64_t bytes, std::size_t count)
    : start_(start), end_(start + bytes), cells_(std::max<std::size_t>(count, 1)) {}

std::uint64_t Cells::cell_start(std::size_t cell) const noexcept {
    return start_ + (end_ - start_) / kUnit * cell / cells_.size() * kUnit;
}

std::size_t Cells::cell_of(std::uint64_t address) const noexcept {
    const std::uint64_t unit = (address - start_) / kUnit;
    std::size_t cell = unit * cells_.size() / ((end_ - start_) / kUnit);
    while (cell + 1 < cells_.size() && cell_start(cell + 1) <= address)
        ++cell;
    return cell;
}

void Cells::add(std::uint64_t first, std::uint64_t last, bool written) noexcept {
    total_.committed += last - first;
    total_.written += written ? last - first : 0;
    used_start_ = used_end_ == 0 ? first : std::min(used_start_, first);
    used_end_ = std::max(used_end_, last);
    first = std::max(first, start_);
    last = std::min(last, end_);
    if (first >= last)
        return;
    for (std::size_t cell = cell_of(first); first < last; ++cell) {
        const std::uint64_t until =
            cell + 1 < cells_.size() ? std::min(last, cell_start(cell + 1)) : last;
        cells_[cell].committed += until - first;
        cells_[cell].written += written ? until - first : 0;
        first = until;
    }
}

namespace {

// Adds what the kernel tells of the range; false if it does not.
bool scan(int pagemap, std::uint64_t start, std::uint64_t end, Cells& cells) {
    std::array<ww_page_region, 512> found;
    for (std::uint64_t at = start; at < end;) {
        ww_pm_scan_arg arg{};
        arg.size = sizeof arg;
        arg.start = at;
        arg.end = std::min(end, at + kBytesPerCall);
        arg.vec = reinterpret_cast<std::uintptr_t>(found.data());
        arg.vec_len = found.size();
        arg.category_anyof_mask = WW_PAGE_IS_PRESENT | WW_PAGE_IS_SWAPPED;
        arg.return_mask = WW_PAGE_IS_WRITTEN | WW_PAGE_IS_PRESENT | WW_PAGE_IS_PFNZERO;
        const int count = ::ioctl(pagemap, kPagemapScan, &arg);
        if (count < 0)
            return false;
        for (const ww_page_region& region : std::span{found}.first(static_cast<unsigned>(count))) {
            if (is_committed(region))
                cells.add(region.start, region.end, is_written(region));
        }
        // Where all of it was used there may be more.
        at = static_cast<std::size_t>(count) < found.size() ? arg.end : found.back().end;
    }
    return true;
}

struct Piece {
    std::uint64_t start;
    std::uint64_t end;
};

// With room to grow on both sides, so that it seldom has to change; all of it
// where that is not much more.
Piece piece_around(const Piece& used, const Piece& all) noexcept {
    constexpr std::uint64_t kMuch = 4;
    const std::uint64_t step = std::max(std::bit_ceil(used.end - used.start) / 4, 16 * kUnit);
    const Piece piece{std::max(all.start, used.start / step * step),
                      std::min(all.end, (used.end + step - 1) / step * step)};
    return (piece.end - piece.start) * kMuch > all.end - all.start ? all : piece;
}

} // namespace

std::optional<Cells> Census::take(int pagemap, std::uint64_t start, std::uint64_t bytes,
                                  std::size_t parts) {
    const Piece all{start, start + bytes};
    for (;;) {
        const bool known = end_ != 0;
        const Piece piece = known ? Piece{start_, end_} : all;
        const std::uint64_t pages = (piece.end - piece.start) / kUnit;
        Cells cells{piece.start, piece.end - piece.start, std::min<std::uint64_t>(parts, pages)};
        if (!scan(pagemap, all.start, all.end, cells))
            return std::nullopt;
        Piece used{cells.used_start(), cells.used_end()};
        const bool fits = known && piece.start <= used.start && used.end <= piece.end;
        if (used.end == 0 || fits || bytes / kUnit <= parts)
            return cells;
        if (known)
            used = {std::min(used.start, start_), std::max(used.end, end_)};
        const Piece next = piece_around(used, all);
        start_ = next.start;
        end_ = next.end;
        if (next.start == piece.start && next.end == piece.end)
            return cells;
    }
}

} // namespace ww::command
