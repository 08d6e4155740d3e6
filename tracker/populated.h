// SPDX-License-Identifier: MIT
// Which pages of a range have contents.
#pragma once

#include "kernel/pagemap.h"
#include "memory_kind.h"
#include "range.h"

#include <array>

namespace ww {

// Calls visit(Range) in ascending order, until that returns false, for what may
// have contents other than zeros: all but the pages of anonymous memory that
// were never touched. Where the kernel cannot tell, all of it.
template<class Visit>
void for_each_populated(Watched memory, Visit visit) noexcept {
    kernel::Result<kernel::Pagemap> pagemap = kernel::Pagemap::open();
    if (!pagemap || memory.kind != MemoryKind::anonymous) {
        visit(memory.range);
        return;
    }
    std::array<kernel::Region, 256> found;
    for (Range rest = memory.range; !rest.empty();) {
        const kernel::ScanResult result =
            (*pagemap).find(rest, kernel::Pagemap::populated, found, 0);
        if (result.error) {
            visit(rest);
            return;
        }
        for (std::size_t i = 0; i < result.regions; ++i) {
            const Range part{static_cast<std::uintptr_t>(found[i].start),
                             static_cast<std::uintptr_t>(found[i].end)};
            if (!visit(part))
                return;
            rest.start = part.end;
        }
        if (result.regions < found.size())
            return;
    }
}

} // namespace ww
