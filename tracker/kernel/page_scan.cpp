// SPDX-License-Identifier: MIT
#include "kernel/page_scan.h"

#include <algorithm>
#include <sys/ioctl.h>

namespace ww::kernel {

ScanResult scan_pages(int pagemap, const PageScan& scan, std::span<Region> out) noexcept {
    uapi::pm_scan_arg arg{};
    arg.size = sizeof arg;
    arg.flags = (scan.protect ? uapi::PM_SCAN_WP_MATCHING : 0) |
                (scan.only_registered ? uapi::PM_SCAN_CHECK_WPASYNC : 0);
    arg.start = scan.range.start;
    arg.end = scan.range.end;
    arg.vec = reinterpret_cast<std::uintptr_t>(out.data());
    arg.vec_len = out.size();
    arg.max_pages = scan.max_pages;
    arg.category_mask = scan.mask.required;
    arg.category_inverted = scan.mask.inverted;
    arg.category_anyof_mask = scan.mask.any_of;
    arg.return_mask = scan.returned;

    const int filled = ::ioctl(pagemap, uapi::PAGEMAP_SCAN, &arg);
    if (filled >= 0)
        return {static_cast<std::size_t>(filled), Error::none};
    const Error error = Error::last();
    // After an error in the middle the kernel does not say how many regions it
    // filled; those that it did not still end in front of the range.
    const auto unfilled = std::ranges::find_if(
        out, [&](std::uint64_t end) { return end <= arg.start; }, &Region::end);
    return {static_cast<std::size_t>(unfilled - out.begin()), error};
}

} // namespace ww::kernel
