// SPDX-License-Identifier: MIT
// What became of pages, beside being written: contents dropped, memory changed.
//
// Private anonymous memory leaves nothing behind when it is dropped. A page that
// is marked, as it was reported and armed, and is not there was dropped since.
// Where memory is armed ahead whatever is not there was dropped; but in shared
// memory, whose pages leave the page table at any time, nothing can be said.
#include "pagemap_scan.h"

#include "kernel/memory.h"
#include "page_state.h"

#include <algorithm>
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

void label(std::span<Region> regions, PageState state) noexcept {
    for (Region& region : regions)
        region.categories = static_cast<std::uint64_t>(state);
}

// Whether the kernel's own page of zeros is there, and was when it was armed.
bool is_clean_zeros(const Region& region) noexcept {
    return (region.categories & kernel::uapi::PAGE_IS_PFNZERO) != 0 &&
           (region.categories & kernel::uapi::PAGE_IS_WRITTEN) == 0;
}

constexpr bool tells_drops(MemoryKind kind) noexcept {
    return kind != MemoryKind::shared && kind != MemoryKind::hugetlb;
}

// Regions in ascending order, within the room of a span.
class RegionsOut {
public:
    explicit RegionsOut(std::span<Region> out) noexcept : out_(out) {}

    bool add(Range pages) noexcept {
        if (count_ > 0 && out_[count_ - 1].end == pages.start) {
            out_[count_ - 1].end = pages.end;
            return true;
        }
        if (count_ == out_.size())
            return false;
        out_[count_++] = {pages.start, pages.end, 0};
        return true;
    }
    std::size_t room() const noexcept { return out_.size() - count_; }
    std::span<const Region> found() const noexcept { return out_.first(count_); }

private:
    std::span<Region> out_;
    std::size_t count_ = 0;
};

} // namespace

Step PagemapScan::collect_states(Watched rest, bool reset, StepLimits limits,
                                 std::span<Region> scratch) noexcept {
    scratch = scratch.first(std::min(scratch.size(), limits.regions));
    constexpr int kRounds = 4;
    Step step;
    for (int round = 0; round < kRounds; ++round) {
        step = written_and_dropped(rest, reset, limits.pages, scratch);
        if (step.error != Error::not_permitted)
            return step;
        kernel::forget_regions(scratch);
        const ScanResult found =
            pagemap_.find(rest.range, Pagemap::unregistered, scratch.first(1), 0);
        if (found.error)
            return {{}, rest.range.start, found.error};
        if (found.regions == 0)
            continue; // another thread was first
        const Range lost = whole({range_of(scratch.front()), rest.kind}, kernel::page_bytes());
        kernel::forget_regions(scratch);
        if (lost.start == rest.range.start)
            return changed({lost, rest.kind}, reset, limits.pages, scratch);
        rest.range.end = lost.start;
    }
    return step;
}

// Not only what is present: what was there before is gone with the memory.
Step PagemapScan::changed(Watched part, bool reset, std::size_t max_pages,
                          std::span<Region> scratch) noexcept {
    const std::size_t unit = granularity(part.kind, kernel::page_bytes());
    part.range.end = part.range.start + std::min(part.range.bytes() / unit, max_pages) * unit;
    count_repair();
    const kernel::Result<MemoryKind> kind = kernel::kind_of(part.range);
    if (kind && serves(part.kind, *kind) && !watch(part) && reset)
        make_clean(part, scratch);
    scratch.front() = {part.range.start, part.range.end,
                       static_cast<std::uint64_t>(PageState::unknown)};
    return {scratch.first(1), part.range.end, {}};
}

// All of it is reported; what fails here is reported once more.
void PagemapScan::make_clean(Watched part, std::span<Region> scratch) noexcept {
    if (part.kind != MemoryKind::anonymous) {
        static_cast<void>(userfaultfd_.protect(part.range));
        return;
    }
    while (!part.range.empty()) {
        const std::size_t pages = part.range.bytes() / kernel::page_bytes();
        const Step step = scan({part.range, Asked::precisely}, true, pages, scratch);
        if (step.error)
            break;
        part.range.start = step.resume;
    }
    kernel::forget_regions(scratch);
}

Step PagemapScan::written_and_dropped(Watched rest, bool reset, std::size_t max_pages,
                                      std::span<Region> scratch) noexcept {
    if (!tells_drops(rest.kind)) {
        const Step step = rest.kind == MemoryKind::hugetlb
                              ? collect_hugetlb(rest.range, reset, max_pages, scratch)
                              : scan(first_piece(rest), reset, max_pages, scratch);
        label(scratch.first(step.written.size()), PageState::written);
        return step;
    }
    // A look ahead: as far as there is room for both answers, because what is
    // reset has to be reported. Always precisely: the fast mask takes what was
    // dropped for written.
    const std::size_t half = std::max<std::size_t>(1, scratch.size() / 2);
    const std::span<Region> front = scratch.first(std::max<std::size_t>(1, scratch.size() - half));
    Step step = scan({rest.range, Asked::precisely}, false, max_pages, front);
    if (step.error)
        return step;
    kernel::forget_regions(scratch);
    step = dropped_pages({{rest.range.start, step.resume}, rest.kind}, false, scratch.first(half));
    if (step.error)
        return step;
    kernel::forget_regions(scratch);

    step = scan({{rest.range.start, step.resume}, Asked::precisely}, reset, max_pages, front);
    if (step.error)
        return step;
    const std::size_t written = step.written.size();
    const std::span<Region> left = scratch.subspan(written);
    kernel::forget_regions(left);
    // Behind the other: what was dropped and written since is only written. What
    // fails here, or was dropped too late to find room, is left to the next
    // collect.
    const Range answered{rest.range.start, step.resume};
    const Step dropped = dropped_pages({answered, rest.kind}, reset, left);
    label(scratch.first(written), PageState::written);
    label(left.first(dropped.written.size()), PageState::discarded);
    step.written = scratch.first(written + dropped.written.size());
    std::ranges::sort(scratch.first(step.written.size()), {}, &Region::start);
    return step;
}

// With `take` each page is given once.
Step PagemapScan::dropped_pages(Watched part, bool take, std::span<Region> out) noexcept {
    const bool ahead = part.kind != MemoryKind::anonymous;
    std::array<Region, 64> room;
    kernel::forget_regions(room);
    RegionsOut list{out};
    std::uintptr_t resume = part.range.start;
    while (resume < part.range.end && list.room() > 0) {
        const std::span<Region> found =
            std::span{room}.first(ahead ? std::min(list.room(), room.size()) : room.size());
        const ScanResult result = pagemap_.find_tracked({resume, part.range.end}, Pagemap::dropped,
                                                        ahead && take, found, 0);
        for (const Region& region : found.first(result.regions)) {
            const Range pages = range_of(region);
            resume = pages.end;
            if (is_clean_zeros(region))
                continue;
            if (ahead) {
                list.add(pages);
                if (take)
                    static_cast<void>(release_touched(pages));
                continue;
            }
            armed_.visit_marked(pages, take, [&](Range marked) {
                const bool fits = list.add(marked);
                resume = fits ? resume : std::min(resume, marked.start);
                return fits;
            });
            if (resume < pages.end)
                return {list.found(), resume, {}};
        }
        if (result.error && resume == part.range.start)
            return {{}, resume, result.error};
        if (result.error)
            break;
        // Not where there is no room left: the end of the last is the bound for
        // other answers.
        if (result.regions < found.size() && list.room() > 0)
            resume = part.range.end;
    }
    return {list.found(), resume, {}};
}

} // namespace ww
