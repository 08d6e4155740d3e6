// SPDX-License-Identifier: MIT
#include "kernel/pagemap.h"

#include <fcntl.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

Result<UniqueFd> open_file() noexcept {
    UniqueFd file{::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)};
    if (!file)
        return Error::last();
    return file;
}

} // namespace

Result<Pagemap> Pagemap::open() noexcept {
    Result<OwnDescriptor> file = OwnDescriptor::create(open_file);
    if (!file)
        return file.error();
    return Pagemap{std::move(*file)};
}

// Each further round means that the host closed the descriptor once more.
ScanResult Pagemap::scan(const PageScan& scan, std::span<Region> out) noexcept {
    for (;;) {
        const OwnDescriptor::Use use = file_.use();
        const ScanResult result = scan_pages(use.number(), scan, out);
        // What was found in front of an error is protected already, and must not
        // be dropped; the next scan meets the error first.
        if (!result.error || result.regions != 0)
            return result;
        const Result<bool> reopened = file_.reopen_if_lost(use);
        if (!reopened)
            return {0, reopened.error()};
        if (!*reopened)
            return result;
    }
}

// All that matches carries the same bits, so that neighbours coalesce.
ScanResult Pagemap::find(Range range, const PageMask& mask, std::span<Region> out,
                         std::size_t max_pages) noexcept {
    return scan({.range = range,
                 .mask = mask,
                 .returned = mask.required | mask.told,
                 .max_pages = max_pages},
                out);
}

// One step reads and protects. Two would lose a write landing between them, and
// a collector would free live memory.
ScanResult Pagemap::find_tracked(Range range, const PageMask& mask, bool protect,
                                 std::span<Region> out, std::size_t max_pages) noexcept {
    return scan({.range = range,
                 .mask = mask,
                 .returned = mask.required | mask.told,
                 .max_pages = max_pages,
                 .protect = protect,
                 .only_registered = true},
                out);
}

ScanResult Pagemap::find_registered(Range range, bool only_written,
                                    std::span<Region> out) noexcept {
    PageMask mask = only_written ? written : PageMask{};
    mask.required |= uapi::PAGE_IS_WPALLOWED;
    return scan({.range = range, .mask = mask, .returned = written.required | written.any_of}, out);
}

Error Pagemap::read_entry_into(void* buffer) const noexcept {
    constexpr ssize_t kEntryBytes = 8;
    const ssize_t got = ::pread(file_.use().number(), buffer, kEntryBytes, 0);
    if (got == kEntryBytes)
        return Error::none;
    return got < 0 ? Error::last() : Error::not_found;
}

} // namespace ww::kernel
