// SPDX-License-Identifier: MIT
#include "kernel/pagemap.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

Result<UniqueFd> open_file() noexcept {
    UniqueFd file{::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)};
    if (!file)
        return Error::last();
    return file;
}

ScanResult ask(int file, uapi::pm_scan_arg& arg, std::span<Region> out) noexcept {
    const int filled = ::ioctl(file, uapi::PAGEMAP_SCAN, &arg);
    if (filled >= 0)
        return {static_cast<std::size_t>(filled), Error::none};
    const Error error = Error::last();
    // After an error in the middle the kernel does not say how many regions it
    // filled; those that it did not still end in front of the range.
    const auto unfilled = std::ranges::find_if(
        out, [&](std::uint64_t end) { return end <= arg.start; }, &Region::end);
    return {static_cast<std::size_t>(unfilled - out.begin()), error};
}

} // namespace

Result<Pagemap> Pagemap::open() noexcept {
    Result<OwnDescriptor> file = OwnDescriptor::create(open_file);
    if (!file)
        return file.error();
    return Pagemap{std::move(*file)};
}

ScanResult Pagemap::scan(std::uint64_t flags, Range range, const PageMask& mask,
                         std::span<Region> out, std::size_t max_pages) noexcept {
    uapi::pm_scan_arg arg{};
    arg.size = sizeof arg;
    arg.flags = flags;
    arg.start = range.start;
    arg.end = range.end;
    arg.vec = reinterpret_cast<std::uintptr_t>(out.data());
    arg.vec_len = out.size();
    arg.max_pages = max_pages;
    arg.category_mask = mask.required;
    arg.category_inverted = mask.inverted;
    arg.category_anyof_mask = mask.any_of;
    // All that matches carries the same bits, so that neighbours coalesce.
    arg.return_mask = mask.required;

    // Each further round means that the host closed the descriptor once more.
    for (;;) {
        const OwnDescriptor::Use use = file_.use();
        const ScanResult result = ask(use.number(), arg, out);
        if (!result.error)
            return result;
        const Result<bool> reopened = file_.reopen_if_lost(use);
        if (!reopened)
            return {0, reopened.error()};
        if (!*reopened)
            return result;
    }
}

ScanResult Pagemap::find(Range range, const PageMask& mask, std::span<Region> out,
                         std::size_t max_pages) noexcept {
    return scan(0, range, mask, out, max_pages);
}

ScanResult Pagemap::find_tracked(Range range, const PageMask& mask, bool protect,
                                 std::span<Region> out, std::size_t max_pages) noexcept {
    // One step reads and protects. Two would lose a write landing between
    // them, and a collector would free live memory.
    const std::uint64_t protecting = protect ? uapi::PM_SCAN_WP_MATCHING : 0;
    return scan(uapi::PM_SCAN_CHECK_WPASYNC | protecting, range, mask, out, max_pages);
}

Error Pagemap::read_entry_into(void* buffer) const noexcept {
    constexpr ssize_t kEntryBytes = 8;
    const ssize_t got = ::pread(file_.use().number(), buffer, kEntryBytes, 0);
    if (got == kEntryBytes)
        return Error::none;
    return got < 0 ? Error::last() : Error::not_found;
}

} // namespace ww::kernel
