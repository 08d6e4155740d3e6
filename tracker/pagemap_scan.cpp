// SPDX-License-Identifier: MIT
#include "pagemap_scan.h"

#include "kernel/memory.h"
#include "survey.h"

#include <algorithm>
#include <array>

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

// What cannot be tracked is reported as written for as long as it is there: a
// page of a file may be written and have left the page table.
Step all_of(Watched part, std::size_t max_pages, std::span<Region> out) noexcept {
    const std::size_t unit = granularity(part.kind, kernel::page_bytes());
    const std::size_t pages = std::min(part.range.bytes() / unit, max_pages);
    const std::uintptr_t end = part.range.start + pages * unit;
    out.front() = {part.range.start, end, 0};
    return {out.first(1), end, {}};
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
    // Registering passes over holes.
    const Range small = without_huge_pages(part, kernel::page_bytes());
    if (const Error error =
            small.empty() ? kernel::check_mapped(part.range) : kernel::refuse_huge_pages(small))
        return error;
    const Result<bool> has_hugetlb = userfaultfd_.register_range(part.range);
    // Invalid is memory of which the kernel cannot tell what is written: that
    // the range is a range was seen before.
    if (!has_hugetlb)
        return has_hugetlb.error() == Error::invalid ? Error::unsupported_memory
                                                     : has_hugetlb.error();
    if (*has_hugetlb == (part.kind == MemoryKind::hugetlb))
        return Error::none;
    static_cast<void>(userfaultfd_.unregister_range(part.range));
    return Error::unsupported_memory;
}

Error PagemapScan::arm_ahead(Watched part) noexcept {
    if (part.kind == MemoryKind::anonymous)
        return Error::none;
    const Error error = userfaultfd_.protect(part.range);
    return error == Error::not_found ? Error::no_memory : error;
}

Error PagemapScan::unwatch(Watched part) noexcept {
    armed_.clear(part.range);
    const Error error = userfaultfd_.unregister_range(part.range);
    // Invalid is a range with nothing mapped in it: nothing is registered there.
    return error == Error::invalid ? Error::none : error;
}

// In one piece, as behind a system call a return costs five times what it costs
// elsewhere: the kernel leaves the processor no memory of where calls came from.
[[gnu::flatten]] Step PagemapScan::collect(Watched rest, bool reset, StepLimits limits,
                                           std::span<Region> scratch) noexcept {
    const std::span<Region> out = scratch.first(std::min(scratch.size(), limits.regions));
    const Step step = ask(rest, reset, limits.pages, out);
    return step.error == Error::not_permitted ? ask_changed(rest, reset, limits, scratch) : step;
}

Step PagemapScan::ask(Watched part, bool reset, std::size_t max_pages,
                      std::span<Region> out) noexcept {
    return part.kind == MemoryKind::hugetlb ? collect_hugetlb(part.range, reset, max_pages, out)
                                            : scan(first_piece(part), reset, max_pages, out);
}

// Somebody mapped other memory into the range without a word. Registered again, it
// reports by itself what is present in it: unprotected pages count as written.
// Each round means that it happened once more.
[[gnu::cold, gnu::noinline]] Step PagemapScan::ask_changed(Watched watched, bool reset,
                                                           StepLimits limits,
                                                           std::span<Region> scratch) noexcept {
    const Range rest = watched.range;
    const std::span<Region> out = scratch.first(std::min(scratch.size(), limits.regions));
    Step step{{}, rest.start, Error::not_permitted};
    constexpr int kRounds = 4;
    for (int round = 0; step.error == Error::not_permitted && round < kRounds; ++round) {
        const Range lost = register_again(watched, scratch);
        if (lost.empty())
            step = ask(watched, reset, limits.pages, out);
        else if (lost.start > rest.start)
            step = ask({{rest.start, lost.start}, watched.kind}, reset, limits.pages, out);
        else
            step = all_of({lost, watched.kind}, limits.pages, out);
    }
    return step;
}

// Small parts near each other are looked at together. Large ones are better
// asked as they are, and so is a single one.
std::uint64_t PagemapScan::open_parts(std::span<const Watched> parts, bool unchanged) noexcept {
    constexpr std::size_t kSmallBytes = std::size_t{1} << 20;
    constexpr std::size_t kNearBytes = std::size_t{16} << 20;
    const auto small = [&](const Watched& part) {
        return part.kind == MemoryKind::anonymous && part.range.bytes() <= kSmallBytes;
    };
    std::uint64_t open = 0;
    for (std::size_t first = 0, end = 0; first < parts.size(); first = end) {
        end = first + 1;
        while (small(parts[first]) && end < parts.size() && small(parts[end]) &&
               parts[end].range.start - parts[end - 1].range.end <= kNearBytes)
            ++end;
        const bool alone = end - first == 1;
        open |= (alone ? 1 : look_over(parts.subspan(first, end - first), unchanged)) << first;
    }
    return open;
}

// Asks what is registered, and all about it: a part that is not any more has to
// be found out, unless we know better. What lies between the parts is passed
// over where it is not registered, and is not touched where it is.
std::uint64_t PagemapScan::look_over(std::span<const Watched> parts, bool unchanged) noexcept {
    std::array<Region, 256> found;
    kernel::forget_regions(found);
    Survey survey{parts};
    for (Range rest = survey.span(); !rest.empty();) {
        const ScanResult result = pagemap_.find_registered(rest, unchanged, found);
        if (result.error)
            return ~std::uint64_t{0};
        for (const Region& region : std::span{found}.first(result.regions)) {
            survey.found(range_of(region),
                         unchanged || Pagemap::written.matches(region.categories));
            rest.start = static_cast<std::uintptr_t>(region.end);
        }
        if (result.regions < found.size())
            break;
    }
    return unchanged ? survey.written_parts() : survey.open_parts();
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
PagemapScan::Piece PagemapScan::first_piece(Watched watched) const noexcept {
    const Range rest = watched.range;
    const bool armed = watched.kind != MemoryKind::anonymous;
    const Range run = armed ? rest : armed_.first_run(rest);
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
Range PagemapScan::register_again(Watched rest, std::span<Region> scratch) noexcept {
    const Range lost = register_parts(rest, scratch);
    kernel::forget_regions(scratch);
    return lost;
}

Range PagemapScan::register_parts(Watched rest, std::span<Region> scratch) noexcept {
    for (Range left = rest.range; !left.empty();) {
        const ScanResult result = pagemap_.find(left, Pagemap::unregistered, scratch, 0);
        if (result.error)
            return left;
        for (const Region& region : scratch.first(result.regions)) {
            const Range part = range_of(region);
            count_repair();
            const Result<MemoryKind> kind = kernel::kind_of(part);
            if (!kind || !serves(rest.kind, *kind) || watch({part, rest.kind}))
                return whole({part, rest.kind}, kernel::page_bytes());
            left.start = part.end;
        }
        if (result.regions < scratch.size())
            break;
    }
    return {};
}

} // namespace ww
