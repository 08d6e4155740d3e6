// SPDX-License-Identifier: MIT
#include "kernel/mapped_object.h"

#include "kernel/mappings.h"

namespace ww::kernel {

Result<MappedObject> mapped_object(Range range) noexcept {
    const Result<Process> self = Process::open(0);
    if (!self)
        return self.error();
    Mappings maps{*self, range.start};
    MappedObject first;
    for (std::uintptr_t seen = range.start; seen < range.end;) {
        const ProcessMapping* mapping = maps.next();
        if (mapping == nullptr || mapping->range.start > seen)
            return maps.error() ? maps.error() : Error::no_memory;
        if (!mapping->shared)
            return Error::unsupported_memory;
        const MappedObject here{mapping->device, mapping->inode,
                                mapping->offset + (seen - mapping->range.start)};
        if (seen == range.start)
            first = here;
        else if (!here.is_same(first) || here.offset != first.offset + (seen - range.start))
            return Error::invalid;
        seen = mapping->range.end;
    }
    return first;
}

} // namespace ww::kernel
