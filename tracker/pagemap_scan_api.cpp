// SPDX-License-Identifier: MIT
// The C functions of pagemap_scan.h: checks of the arguments, then the scan.
#include "kernel/memory.h"
#include "kernel/process_maps.h"
#include "pagemap_scan_v7.h"
#include "process_scan.h"

#include <algorithm>
#include <limits>

using ww::PageQuestion;
using ww::ProcessScan;
using ww::Range;
using ww::RegionList;
using ww::kernel::bad_address;
using ww::kernel::Error;
using ww::kernel::KeepErrno;
using ww::kernel::page_bytes;
using ww::kernel::Pagemap;
using ww::kernel::Process;
using ww::kernel::ProcessMapping;
using ww::kernel::ProcessMaps;
using ww::kernel::Region;
using ww::kernel::Result;
using ww::kernel::ScanResult;

namespace {

static_assert(sizeof(ww_pm_scan_arg) == sizeof(ww::kernel::uapi::pm_scan_arg));
static_assert(offsetof(ww_pm_scan_arg, vec) == offsetof(ww::kernel::uapi::pm_scan_arg, vec));
static_assert(offsetof(ww_pm_scan_arg, return_mask) ==
              offsetof(ww::kernel::uapi::pm_scan_arg, return_mask));
static_assert(WW_PAGE_IS_WPALLOWED == ww::kernel::uapi::PAGE_IS_WPALLOWED);
static_assert(WW_PAGE_IS_WRITTEN == ww::kernel::uapi::PAGE_IS_WRITTEN);
static_assert(WW_PAGE_IS_PFNZERO == ww::kernel::uapi::PAGE_IS_PFNZERO);
static_assert(WW_PM_SCAN_WP_MATCHING == ww::kernel::uapi::PM_SCAN_WP_MATCHING);
static_assert(WW_PM_SCAN_CHECK_WPASYNC == ww::kernel::uapi::PM_SCAN_CHECK_WPASYNC);

constexpr std::uint64_t kFlags = WW_PM_SCAN_WP_MATCHING | WW_PM_SCAN_CHECK_WPASYNC;

// What may not be met anywhere in the range. Looked at before anything is
// protected, so that failing leaves all as it was.
struct Demands {
    bool was_trackable = false; // in 2023
    bool known_page_size = false;
    bool registered = false;
};

Error check_mappings(const Process& process, Range range, Demands demands) noexcept {
    ProcessMaps maps{process, range.start};
    while (const ProcessMapping* mapping = maps.next()) {
        if (mapping->range.start >= range.end)
            break;
        if (demands.was_trackable && !maps.was_trackable(*mapping))
            return maps.error() ? maps.error() : Error::not_permitted;
        if (demands.known_page_size && mapping->page_bytes == 0)
            return Error::unsupported_memory;
    }
    return maps.error();
}

Error check_registered(const Process& process, Range range) noexcept {
    Region unregistered[1];
    const ScanResult found =
        process.scan({.range = range, .mask = Pagemap::unregistered, .max_pages = 1}, unregistered);
    if (found.error)
        return found.error;
    return found.regions == 0 ? Error::none : Error::not_permitted;
}

Error check_demands(const Process& process, Range range, Demands demands) noexcept {
    if (demands.was_trackable || demands.known_page_size) {
        if (const Error error = check_mappings(process, range, demands))
            return error;
    }
    return demands.registered ? check_registered(process, range) : Error::none;
}

// Without an output there is nothing to say of what was done before a failure.
std::ptrdiff_t outcome(Error error, const RegionList& list, bool has_output) noexcept {
    if (error && (!has_output || list.count() == 0))
        return -error.code();
    return has_output ? static_cast<std::ptrdiff_t>(list.count()) : 0;
}

std::size_t capacity_of(std::uint64_t vec_len) noexcept {
    constexpr std::uint64_t kMost = std::numeric_limits<std::size_t>::max();
    return static_cast<std::size_t>(std::min(vec_len, kMost));
}

// ---- The request of January 2023 ----

Error check_v7(const Process& process, const ww_v7_pagemap_scan_arg& arg,
               std::optional<Range> range) noexcept {
    const Error in_range = range ? process.check_range(range->start, range->end) : bad_address;
    if (in_range && in_range != bad_address)
        return in_range;
    const Error in_vector = process.check_vector(arg.vec, arg.vec != 0 ? arg.vec_len : 0);
    return ww::v7::check(arg, {.range = !in_range, .vector = !in_vector}, page_bytes());
}

std::ptrdiff_t scan_v7(const Process& process, const ww_v7_pagemap_scan_arg& arg) noexcept {
    const std::optional<Range> range = ww::v7::range_of(arg, page_bytes());
    if (const Error error = check_v7(process, arg, range))
        return -error.code();
    const bool engages = ww::v7::engages(arg);
    const bool gets = ww::v7::gets(arg);
    if (const Error error = check_demands(process, *range,
                                          {.was_trackable = ww::v7::needs_trackable(arg),
                                           .known_page_size = engages,
                                           .registered = engages}))
        return -error.code();
    const std::optional<PageQuestion> question = ww::v7::question_of(arg);
    if (!question || (!gets && !engages))
        return 0;
    RegionList list{static_cast<std::uintptr_t>(arg.vec), capacity_of(arg.vec_len),
                    gets ? arg.max_pages : 0, RegionList::Form::v7, page_bytes()};
    ProcessScan scan{process, *question, engages, list};
    return outcome(scan.run(*range), list, gets);
}

// ---- Today's request ----

Error check_today(const Process& process, const ww_pm_scan_arg& arg) noexcept {
    const std::uint64_t categories =
        arg.category_mask | arg.category_inverted | arg.category_anyof_mask | arg.return_mask;
    if (arg.size != sizeof arg || (arg.flags & ~kFlags) != 0 || arg.start % page_bytes() != 0 ||
        (arg.vec == 0 && arg.vec_len != 0))
        return Error::invalid;
    if (const Error error = process.check_range(arg.start, arg.end))
        return error;
    if (const Error error = process.check_vector(arg.vec, arg.vec_len))
        return error;
    // Which categories there are is the kernel's to say.
    return process.check_categories(categories);
}

std::uint64_t end_of(const ww_pm_scan_arg& arg) noexcept {
    return (arg.end + page_bytes() - 1) & ~std::uint64_t{page_bytes() - 1};
}

// Without the last page of all addresses, whose end has no address in 32 bits:
// nothing is ever mapped there.
Range range_of(const ww_pm_scan_arg& arg) noexcept {
    const std::uint64_t last_page = ~std::uintptr_t{page_bytes() - 1};
    return {static_cast<std::uintptr_t>(arg.start),
            static_cast<std::uintptr_t>(std::min(end_of(arg), last_page))};
}

std::ptrdiff_t scan_today(const Process& process, ww_pm_scan_arg& arg) noexcept {
    if (const Error error = check_today(process, arg))
        return -error.code();
    const bool protects = (arg.flags & WW_PM_SCAN_WP_MATCHING) != 0;
    const bool has_output = arg.vec != 0;
    const Range range = range_of(arg);
    if (const Error error =
            check_demands(process, range,
                          {.known_page_size = protects,
                           .registered = (arg.flags & WW_PM_SCAN_CHECK_WPASYNC) != 0}))
        return -error.code();
    if (!has_output && !protects) {
        arg.walk_end = end_of(arg);
        return 0;
    }
    const PageQuestion question{.mask = arg.category_mask,
                                .inverted = arg.category_inverted,
                                .any_of = arg.category_anyof_mask,
                                .returned = arg.return_mask};
    RegionList list{static_cast<std::uintptr_t>(arg.vec), capacity_of(arg.vec_len), arg.max_pages,
                    RegionList::Form::today, page_bytes()};
    ProcessScan scan{process, question, protects, list};
    const std::ptrdiff_t result = outcome(scan.run(range), list, has_output);
    if (result >= 0)
        arg.walk_end = scan.resume() == range.end ? end_of(arg) : scan.resume();
    return result;
}

} // namespace

extern "C" {

std::ptrdiff_t ww_v7_pagemap_scan(int pid, const ww_v7_pagemap_scan_arg* arg) noexcept {
    const KeepErrno keep;
    if (arg == nullptr)
        return -bad_address.code();
    const Result<Process> process = Process::open(pid);
    return process ? scan_v7(*process, *arg) : -process.error().code();
}

std::ptrdiff_t ww_pagemap_scan(int pid, ww_pm_scan_arg* arg) noexcept {
    const KeepErrno keep;
    if (arg == nullptr)
        return -bad_address.code();
    const Result<Process> process = Process::open(pid);
    return process ? scan_today(*process, *arg) : -process.error().code();
}

} // extern "C"
