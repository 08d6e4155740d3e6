// SPDX-License-Identifier: MIT
#include "live/page_census.h"

#include <writewatch/pagemap_scan.h>

#include <algorithm>
#include <array>

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

PageCount Cells::total() const noexcept {
    PageCount total;
    for (const PageCount& cell : cells_) {
        total.committed += cell.committed;
        total.written += cell.written;
    }
    return total;
}

void Cells::add(std::uint64_t first, std::uint64_t last, bool written) noexcept {
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

bool take_census(int pagemap, Cells& cells, std::vector<WrittenRun>* runs, std::size_t most_runs) {
    std::array<ww_page_region, 512> found;
    for (std::uint64_t at = cells.start(); at < cells.end();) {
        ww_pm_scan_arg arg{};
        arg.size = sizeof arg;
        arg.start = at;
        arg.end = std::min(cells.end(), at + kBytesPerCall);
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
            if (runs != nullptr && is_written(region) && runs->size() < most_runs)
                runs->push_back({region.start, region.end});
        }
        // Where all of it was used there may be more.
        at = static_cast<std::size_t>(count) < found.size() ? arg.end : found.back().end;
    }
    return true;
}

} // namespace ww::command
