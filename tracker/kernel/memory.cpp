// SPDX-License-Identifier: MIT
#include "kernel/memory.h"

#include "kernel/maps.h"

#include <sys/mman.h>
#include <unistd.h>

namespace ww::kernel {

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

Error refuse_huge_pages(Range range) noexcept {
    if (::madvise(reinterpret_cast<void*>(range.start), range.bytes(), MADV_NOHUGEPAGE) == 0)
        return Error::none;
    // EINVAL: a kernel built without transparent huge pages has none to refuse.
    const Error error = Error::last();
    return error == Error::invalid ? Error::none : error;
}

Result<bool> is_private_anonymous(Range range) noexcept {
    MapsReader maps;
    while (const MapsEntry* entry = maps.next()) {
        if (!intersection(entry->range, range).empty() && (entry->shared || entry->has_inode))
            return false;
    }
    if (const Error error = maps.error())
        return error;
    return true;
}

} // namespace ww::kernel
