// SPDX-License-Identifier: MIT
// What is armed ahead of the first touch: keeping it so, and hugetlb memory.
#include "pagemap_scan.h"

#include "kernel/memory.h"

#include <array>

namespace ww {

using kernel::Error;
using kernel::Pagemap;
using kernel::Region;
using kernel::ScanResult;

namespace {

Range range_of(const Region& region) noexcept {
    return {static_cast<std::uintptr_t>(region.start), static_cast<std::uintptr_t>(region.end)};
}

} // namespace

// Where memory is armed ahead, what has neither contents nor a mark is armed
// again, or it would count as written.
Error PagemapScan::dropped(Watched part) noexcept {
    armed_.clear(part.range);
    if (part.kind == MemoryKind::anonymous)
        return Error::none;
    const bool hugetlb = part.kind == MemoryKind::hugetlb;
    std::array<Region, 64> scratch;
    kernel::forget_regions(scratch);
    for (Range rest = part.range; !rest.empty();) {
        // Not in one step for hugetlb: unfixed kernels hang where there is no
        // page table.
        const ScanResult found =
            hugetlb ? pagemap_.find(rest, Pagemap::empty, scratch, 0)
                    : pagemap_.find_tracked(rest, Pagemap::empty, true, scratch, 0);
        for (const Region& region : std::span{scratch}.first(found.regions)) {
            if (const Error error = hugetlb ? userfaultfd_.protect(range_of(region)) : Error::none)
                return error;
            if (const Error error = release_touched(range_of(region)))
                return error;
        }
        if (found.error || found.regions < scratch.size())
            return found.error;
        rest.start = range_of(scratch.back()).end;
    }
    return Error::none;
}

// Where there was no page table a page could come, and be written, between the
// kernel's look and its protecting: what has contents now counts as written.
Error PagemapScan::release_touched(Range part) noexcept {
    std::array<Region, 64> scratch;
    kernel::forget_regions(scratch);
    for (;;) {
        const ScanResult found = pagemap_.find(part, Pagemap::present_and_clean, scratch, 0);
        for (const Region& region : std::span{scratch}.first(found.regions)) {
            if (const Error error = userfaultfd_.release(range_of(region)))
                return error;
        }
        if (found.error || found.regions < scratch.size())
            return found.error;
        part.start = range_of(scratch.back()).end;
    }
}

// The one step that finds and protects passes over parts of huge pages, and
// hangs unfixed kernels where there is no page table. So it is two: protecting
// only what was found loses nothing, as callers copy after the call.
Step PagemapScan::collect_hugetlb(Range rest, bool reset, std::size_t max_pages,
                                  std::span<Region> out) noexcept {
    const std::size_t unit = granularity(MemoryKind::hugetlb, kernel::page_bytes());
    // A region without end is as good as one that nobody can fill.
    const std::size_t most = std::min(max_pages, rest.bytes() / unit);
    const ScanResult result = pagemap_.find_tracked(rest, Pagemap::written_if_armed, false, out,
                                                    most * (unit / kernel::page_bytes()));
    std::size_t taken = 0;
    std::size_t pages = 0;
    Error error = result.error;
    for (const Region& region : out.first(result.regions)) {
        if (reset && (error = userfaultfd_.protect(range_of(region))))
            break;
        ++taken;
        pages += range_of(region).bytes() / unit;
    }
    if (error && taken == 0)
        return {{}, rest.start, error};
    const bool more = error || taken == out.size() || pages >= most;
    return {out.first(taken), more ? range_of(out[taken - 1]).end : rest.end, {}};
}

} // namespace ww
