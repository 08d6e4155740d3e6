// SPDX-License-Identifier: MIT
#include "process_scan.h"

#include "kernel/memory.h"

namespace ww {

using kernel::Error;
using kernel::PageMask;
using kernel::PageScan;
using kernel::ProcessMapping;
using kernel::Region;
using kernel::ScanResult;
using namespace kernel::uapi;

namespace {

Memory memory_of(const ProcessMapping& mapping) noexcept {
    if (!mapping.has_file)
        return Memory::anonymous;
    return mapping.page_bytes > kernel::page_bytes() ? Memory::hugetlb : Memory::file;
}

Range range_of(const Region& region) noexcept {
    return {static_cast<std::uintptr_t>(region.start), static_cast<std::uintptr_t>(region.end)};
}

std::size_t pages_in(std::span<const Region> regions) noexcept {
    std::size_t bytes = 0;
    for (const Region& region : regions)
        bytes += range_of(region).bytes();
    return bytes / kernel::page_bytes();
}

} // namespace

ProcessScan::ProcessScan(const kernel::Process& process, const PageQuestion& question, bool protect,
                         RegionList& list) noexcept
    : process_(process), question_(question), list_(list), protect_(protect) {}

Error ProcessScan::run(Range range) noexcept {
    resume_ = range.start;
    kernel::ProcessMaps maps{process_, range.start};
    while (const ProcessMapping* mapping = maps.next()) {
        const Range part = intersection(mapping->range, range);
        if (part.empty())
            break;
        if (visit(*mapping, part) == Step::end)
            return error_;
        resume_ = part.end;
    }
    if (!maps.error())
        resume_ = range.end;
    return maps.error();
}

ProcessScan::Step ProcessScan::visit(const ProcessMapping& mapping, Range part) noexcept {
    const Memory memory = memory_of(mapping);
    if (protect_ && mapping.page_bytes == kernel::page_bytes()) {
        if (const std::optional<PageMask> mask = mask_to_protect(question_, memory))
            return find_and_protect(*mask, memory, part);
    }
    return find(memory, part);
}

// Whether to scan once more. What an unwritable list cannot take must not be
// protected, so this comes before.
ProcessScan::Step ProcessScan::go_on(Error error) noexcept {
    if (!error)
        error = kernel::make_writable(list_.next_slots(kScratch));
    error_ = error;
    return error || list_.pages_left() == 0 ? Step::end : Step::on;
}

// Finding changes nothing, so more may be found than there is room for.
ProcessScan::Step ProcessScan::find(Memory memory, Range part) noexcept {
    PageScan request{.range = part,
                     .mask = mask_to_find(question_, memory),
                     .returned = categories_needed(question_)};
    if (protect_) // passes over what cannot be protected, like the kernel
        request.mask.required |= PAGE_IS_WPALLOWED;
    Error error;
    while (!request.range.empty()) {
        resume_ = request.range.start;
        if (go_on(error) == Step::end)
            return Step::end;
        const ScanResult found = process_.scan(request, scratch_);
        if (take(std::span{scratch_}.first(found.regions), memory) == Step::end)
            return Step::end;
        error = found.error;
        const bool more = error || found.regions == scratch_.size();
        if (!more)
            break;
        if (found.regions != 0)
            request.range.start = range_of(scratch_[found.regions - 1]).end;
    }
    return Step::on;
}

// One step finds and protects: two would lose a write landing between them. It
// is limited to what the list has room for.
ProcessScan::Step ProcessScan::find_and_protect(const PageMask& mask, Memory memory,
                                                Range part) noexcept {
    PageScan request{
        .range = part, .mask = mask, .returned = categories_needed(question_), .protect = true};
    Error error;
    while (!request.range.empty()) {
        resume_ = request.range.start;
        const std::size_t regions = std::min(kScratch, list_.regions_left());
        if (go_on(error) == Step::end || regions == 0)
            return Step::end;
        request.max_pages = std::min<std::uint64_t>(kPagesBetweenPauses, list_.pages_left());
        pacer_.before_scan();
        const ScanResult found = process_.scan(request, std::span{scratch_}.first(regions));
        const std::span<const Region> filled = std::span{scratch_}.first(found.regions);
        const std::size_t pages = pages_in(filled);
        static_cast<void>(take(filled, memory));
        error = found.error;
        // Not by the kernel's walk_end: it is wrong after 512 regions.
        const bool more = error || found.regions == regions || pages >= request.max_pages;
        if (!more)
            break;
        if (!filled.empty())
            request.range.start = range_of(filled.back()).end;
    }
    return Step::on;
}

ProcessScan::Step ProcessScan::take(std::span<const Region> found, Memory memory) noexcept {
    for (const Region& region : found) {
        const std::optional<std::uint64_t> label = answer(question_, region.categories, memory);
        const bool passed_over =
            protect_ && memory == Memory::anonymous && is_hole(region.categories);
        if (!label || passed_over)
            continue;
        const Range taken = list_.take(range_of(region), *label);
        if (protect_ && memory == Memory::hugetlb)
            protect_huge(taken);
        if (taken.end != range_of(region).end) {
            resume_ = taken.end;
            return Step::end;
        }
    }
    return Step::on;
}

// Parts of huge pages are passed over by the kernel. What is protected here is
// reported already, so nothing is lost; what fails stays written.
void ProcessScan::protect_huge(Range taken) noexcept {
    PageScan request{
        .range = taken,
        // Contents are required: protecting a hole hangs in unfixed kernels.
        .mask = {.required = PAGE_IS_WRITTEN, .any_of = PAGE_IS_PRESENT | PAGE_IS_SWAPPED},
        .protect = true};
    std::array<Region, 4> ignored;
    while (!request.range.empty()) {
        const ScanResult done = process_.scan(request, ignored);
        if (done.error || done.regions < ignored.size())
            return;
        request.range.start = range_of(ignored.back()).end;
    }
}

} // namespace ww
