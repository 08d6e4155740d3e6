// SPDX-License-Identifier: MIT
#include "pagemap_scan.h"

#include "kernel/memory.h"

namespace ww {

using kernel::Error;
using kernel::Pagemap;
using kernel::Region;
using kernel::Result;
using kernel::ScanResult;

namespace {

Range range_of(const Region& region) noexcept {
    return {static_cast<std::uintptr_t>(region.start), static_cast<std::uintptr_t>(region.end)};
}

// One ioctl holds the process's memory map for its whole walk, a hundred
// microseconds for this much clean memory. A precise one is not bounded by
// addresses: it passes over holes of any size in one step.
constexpr std::size_t kFastBytes = std::size_t{512} << 20;

// The walk_end that the kernel gives is wrong after more than 512 regions, so
// the end is told by what did not fill up.
Step found_in(Range rest, std::span<const Region> found, bool out_is_full,
              std::size_t max_pages) noexcept {
    const bool more = out_is_full || pages_in(found) >= max_pages;
    return {found, more ? static_cast<std::uintptr_t>(found.back().end) : rest.end, {}};
}

} // namespace

PagemapScan::PagemapScan(Arena& arena) noexcept : armed_(arena, kernel::page_bytes()) {}

Error PagemapScan::open() noexcept {
    Result<kernel::Userfaultfd> userfaultfd = kernel::Userfaultfd::open();
    if (!userfaultfd)
        return userfaultfd.error();
    Result<Pagemap> pagemap = Pagemap::open();
    if (!pagemap)
        return pagemap.error();
    userfaultfd_ = std::move(*userfaultfd);
    pagemap_ = std::move(*pagemap);
    return Error::none;
}

Error PagemapScan::watch(Watched part) noexcept {
    armed_.clear(part.range);
    if (const Error error = kernel::refuse_huge_pages(part.range))
        return error;
    return userfaultfd_.register_range(part.range);
}

Error PagemapScan::unwatch(Watched part) noexcept {
    armed_.clear(part.range);
    const Error error = userfaultfd_.unregister_range(part.range);
    // Invalid is a range with nothing mapped in it: nothing is registered there.
    return error == Error::invalid ? Error::none : error;
}

Step PagemapScan::collect(Watched watched, bool reset, StepLimits limits,
                          std::span<Region> scratch) noexcept {
    const Range rest = watched.range;
    const std::span<Region> out = scratch.first(std::min(scratch.size(), limits.regions));
    Step step = scan(first_piece(rest), reset, limits.pages, out);
    // Somebody mapped other memory into the range without a word. Registered
    // again, it reports by itself what is present in it: unprotected pages
    // count as written. Each round means that it happened once more.
    constexpr int kRounds = 4;
    for (int round = 0; step.error == Error::not_permitted && round < kRounds; ++round) {
        const Range lost = register_again(rest, scratch);
        if (lost.empty())
            step = scan(first_piece(rest), reset, limits.pages, out);
        else if (lost.start > rest.start)
            step = scan(first_piece({rest.start, lost.start}), reset, limits.pages, out);
        else
            step = all_that_is_present(lost, limits.pages, out);
    }
    return step;
}

Error PagemapScan::protect(Watched pages) noexcept {
    const std::uint64_t epoch = armed_.epoch();
    if (const Error error = userfaultfd_.protect(pages.range))
        return error;
    armed_.mark(pages.range, epoch);
    return Error::none;
}

// One ioctl has one mask. A fast one must not reach beyond the armed blocks: it
// would report untouched pages, and make page tables for them.
PagemapScan::Piece PagemapScan::first_piece(Range rest) const noexcept {
    const Range run = armed_.first_run(rest);
    if (run.empty())
        return {rest, Asked::precisely};
    if (run.start > rest.start)
        return {{rest.start, run.start}, Asked::precisely};
    return {{run.start, run.start + std::min(run.bytes(), kFastBytes)}, Asked::fast};
}

Step PagemapScan::scan(Piece piece, bool reset, std::size_t max_pages,
                       std::span<Region> out) noexcept {
    const std::uint64_t epoch = armed_.epoch();
    const bool fast = piece.asked == Asked::fast;
    const ScanResult result = pagemap_.find_tracked(
        piece.range, fast ? Pagemap::written_if_armed : Pagemap::written, reset, out, max_pages);
    const std::span<const Region> found = out.first(result.regions);
    if (result.error && found.empty())
        return {{}, piece.range.start, result.error};
    if (reset && !fast)
        armed_.mark(found, range_of, epoch);
    // What was found in front of a failure is reset already: it is the answer
    // of this step, and the next one meets the failure first.
    const bool more = result.error || found.size() == out.size();
    return found_in(piece.range, found, more, max_pages);
}

// Gives the first part that cannot be registered, empty if all could; leaves
// nothing in `scratch`.
Range PagemapScan::register_again(Range rest, std::span<Region> scratch) noexcept {
    const Range lost = register_parts(rest, scratch);
    kernel::forget_regions(scratch);
    return lost;
}

Range PagemapScan::register_parts(Range rest, std::span<Region> scratch) noexcept {
    for (Range left = rest; !left.empty();) {
        const ScanResult result = pagemap_.find(left, Pagemap::unregistered, scratch, 0);
        if (result.error)
            return left;
        for (const Region& region : scratch.first(result.regions)) {
            const Range part = range_of(region);
            count_repair();
            const Result<bool> ours = kernel::is_private_anonymous(part);
            if (!ours || !*ours || watch(part))
                return part;
            left.start = part.end;
        }
        if (result.regions < scratch.size())
            break;
    }
    return {};
}

// What cannot be tracked is reported as written for as long as it is there.
Step PagemapScan::all_that_is_present(Range part, std::size_t max_pages,
                                      std::span<Region> out) noexcept {
    const ScanResult result = pagemap_.find(part, Pagemap::populated, out, max_pages);
    if (result.error)
        return {{}, part.start, result.error};
    const std::span<const Region> found = out.first(result.regions);
    return found_in(part, found, found.size() == out.size(), max_pages);
}

} // namespace ww
