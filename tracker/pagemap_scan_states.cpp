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
#include "states_out.h"

#include <algorithm>
#include <array>
#include <limits>

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

std::size_t discarded_in(std::span<const Region> regions) noexcept {
    return static_cast<std::size_t>(
        std::ranges::count(regions, static_cast<std::uint64_t>(PageState::discarded),
                           &Region::categories));
}

constexpr bool tells_drops(MemoryKind kind) noexcept {
    return kind != MemoryKind::shared && kind != MemoryKind::hugetlb;
}

bool is_dropped(const Region& region) noexcept {
    return Pagemap::dropped.matches(region.categories) && !is_clean_zeros(region);
}

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
    Step step = look_ahead(rest, max_pages, scratch);
    if (step.error || !reset)
        return step;
    const Range answered{rest.range.start, step.resume};
    const std::size_t discarded = discarded_in(step.written);
    const std::size_t written = step.written.size() - discarded;
    kernel::forget_regions(scratch);
    step = {{}, step.resume, {}};
    // What comes after the look is left to the next collect.
    if (written > 0)
        step = scan({answered, Asked::precisely}, true, max_pages,
                    scratch.first(scratch.size() - discarded));
    label(scratch.first(step.written.size()), PageState::written);
    if (discarded > 0 && !step.error)
        add_taken({{answered.start, step.resume}, rest.kind}, scratch, step);
    return step;
}

// Marked, although they are not armed: the mark makes a drop known.
void PagemapScan::leave_unprotected(std::span<const Region> pages) noexcept {
    armed_.mark(pages, range_of, armed_.epoch());
}

// Behind what was written: what was dropped and written since is only written.
// What fails here, or was dropped too late to find room, is left to the next
// collect.
void PagemapScan::add_taken(Watched part, std::span<Region> scratch, Step& step) noexcept {
    const std::span<Region> left = scratch.subspan(step.written.size());
    kernel::forget_regions(left);
    const std::size_t count = step.written.size() + take_dropped(part, left);
    std::ranges::sort(scratch.first(count), {}, &Region::start);
    step.written = scratch.first(count);
}

// A second question costs as much as some hundred pages that match for nothing.
Step PagemapScan::look_ahead(Watched rest, std::size_t max_pages, std::span<Region> out) noexcept {
    constexpr std::size_t kFewPages = 256;
    const bool few = rest.range.bytes() <= kFewPages * kernel::page_bytes();
    return rest.kind == MemoryKind::anonymous || few ? look_at_both(rest, max_pages, out)
                                                     : look_twice(rest.range, max_pages, out);
}

// One question for both answers, and a page that matches costs three times what
// another does: where most are empty those with contents are asked for, and what
// lies between them is not there. The kernel cannot count what is to be limited.
Step PagemapScan::look_at_both(Watched watched, std::size_t max_pages,
                               std::span<Region> out) noexcept {
    const Range rest = watched.range;
    const bool ahead = watched.kind != MemoryKind::anonymous; // what is empty was dropped
    const bool sparse = !ahead && armed_.is_sparse(rest);
    const kernel::PageMask& mask =
        sparse ? Pagemap::populated_states : Pagemap::written_or_dropped;
    std::array<Region, 64> room;
    kernel::forget_regions(room);
    StatesOut list{out, max_pages};
    std::uintptr_t resume = rest.start;
    const auto pass = [&](std::uintptr_t end) {
        if (sparse && resume < end)
            resume = add_dropped({resume, end}, false, list);
        else
            resume = end;
        return resume == end;
    };
    const auto give = [&](const Region& region) {
        const Range pages = range_of(region);
        if (!pass(pages.start))
            return false;
        if (Pagemap::written.matches(region.categories))
            resume = list.add(pages, PageState::written);
        else if (is_dropped(region))
            resume = ahead ? list.add(pages, PageState::discarded)
                           : add_dropped(pages, false, list);
        else
            resume = pages.end;
        return resume == pages.end;
    };
    while (resume < rest.end) {
        const ScanResult result =
            pagemap_.find_tracked({resume, rest.end}, mask, false, room, 0);
        const std::span<const Region> found = std::span{room}.first(result.regions);
        if (result.error && found.empty() && list.found().empty())
            return {{}, rest.start, result.error};
        const bool all = std::ranges::all_of(found, give);
        if (!all || result.error || (found.size() < room.size() && !pass(rest.end)))
            break;
    }
    return {list.found(), resume, {}};
}

// Where much is armed ahead: what is armed and was never touched matches neither
// question, and would match one for both.
Step PagemapScan::look_twice(Range rest, std::size_t max_pages, std::span<Region> out) noexcept {
    std::array<Region, 64> written;
    std::array<Region, 64> dropped;
    kernel::forget_regions(written);
    kernel::forget_regions(dropped);
    const Step first = scan({rest, Asked::precisely}, false, max_pages, written);
    if (first.error)
        return first;
    rest.end = first.resume;
    const ScanResult second =
        pagemap_.find_tracked(rest, Pagemap::dropped, false, dropped, 0);
    if (second.error && second.regions == 0)
        return {{}, rest.start, second.error};
    if (second.error || second.regions == dropped.size())
        rest.end = range_of(dropped[second.regions - 1]).end;
    StatesOut list{out, max_pages};
    const auto add = [&](const Region& region, PageState state) {
        const Range pages = intersection(range_of(region), rest);
        const bool fits = pages.empty() || list.add(pages, state) == pages.end;
        rest.end = fits ? rest.end : list.end();
        return fits;
    };
    std::span left = std::span{dropped}.first(second.regions);
    const auto add_left = [&](std::uintptr_t end) {
        bool fits = true;
        for (; fits && !left.empty() && left.front().start < end; left = left.subspan(1))
            fits = is_clean_zeros(left.front()) || add(left.front(), PageState::discarded);
        return fits;
    };
    static_cast<void>(std::ranges::all_of(first.written, [&](const Region& region) {
        return add_left(static_cast<std::uintptr_t>(region.start)) &&
               add(region, PageState::written);
    }) && add_left(rest.end));
    return {list.found(), rest.end, {}};
}

// Those pages without contents that were dropped. Gives how far it came.
std::uintptr_t PagemapScan::add_dropped(Range empty, bool take, StatesOut& list) noexcept {
    std::uintptr_t end = empty.end;
    armed_.visit_marked(empty, take, [&](Range marked) {
        const std::uintptr_t added = list.add(marked, PageState::discarded);
        end = added == marked.end ? end : added;
        return added == marked.end;
    });
    return end;
}

// Each page is given once. Gives the number of regions.
std::size_t PagemapScan::take_dropped(Watched part, std::span<Region> out) noexcept {
    const bool ahead = part.kind != MemoryKind::anonymous;
    std::array<Region, 64> room;
    kernel::forget_regions(room);
    StatesOut list{out, std::numeric_limits<std::size_t>::max()};
    // In a full list there is room for what goes on where the last one ends; but
    // what is protected as it is found must have its own.
    while (!part.range.empty() && (!ahead || list.room() > 0)) {
        const std::span<Region> found =
            std::span{room}.first(ahead ? std::min(list.room(), room.size()) : room.size());
        const ScanResult result =
            pagemap_.find_tracked(part.range, Pagemap::dropped, ahead, found, 0);
        for (const Region& region : found.first(result.regions)) {
            const Range pages = range_of(region);
            part.range.start = pages.end;
            if (is_clean_zeros(region))
                continue;
            const std::uintptr_t end = ahead ? list.add(pages, PageState::discarded)
                                             : add_dropped(pages, true, list);
            if (ahead)
                static_cast<void>(release_touched(pages));
            if (end < pages.end)
                return list.found().size();
        }
        if (result.error || result.regions < found.size())
            break;
    }
    return list.found().size();
}

} // namespace ww
