// SPDX-License-Identifier: MIT
#include "kernel/populated.h"

#include "kernel/memory.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Documentation/admin-guide/mm/pagemap.rst: present, or swapped out.
constexpr std::uint64_t kPopulated = std::uint64_t{3} << 62;

constexpr bool is_populated(std::uint64_t entry) noexcept {
    return (entry & kPopulated) != 0;
}

} // namespace

PopulatedPages::PopulatedPages() noexcept
    : file_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {
    if (!file_)
        error_ = Error::last();
}

bool PopulatedPages::read_from(std::uintptr_t page, std::uintptr_t end) noexcept {
    const std::size_t first = page / page_bytes();
    const std::size_t wanted = std::min(kEntries, (end - page) / page_bytes());
    const ssize_t got = ::pread64(file_.get(), entries_, wanted * sizeof entries_[0],
                                  static_cast<off64_t>(first * sizeof entries_[0]));
    if (got < 0)
        error_ = Error::last();
    filled_ = got < 0 ? 0 : static_cast<std::size_t>(got) / sizeof entries_[0];
    return filled_ != 0;
}

Range PopulatedPages::first_run(Range range) noexcept {
    const std::size_t page = page_bytes();
    for (std::uintptr_t at = range.start; !error_ && at < range.end;) {
        if (!read_from(at, range.end))
            break;
        const auto* const begin = entries_;
        const auto* const end = entries_ + filled_;
        const auto* const first = std::find_if(begin, end, is_populated);
        const auto* const stop = std::find_if_not(first, end, is_populated);
        if (first != end)
            return {at + static_cast<std::size_t>(first - begin) * page,
                    at + static_cast<std::size_t>(stop - begin) * page};
        at += filled_ * page;
    }
    return {};
}

} // namespace ww::kernel
