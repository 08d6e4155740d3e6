// SPDX-License-Identifier: MIT
#include "kernel/process_maps.h"

#include "kernel/memory.h"

namespace ww::kernel {

const ProcessMapping* ProcessMaps::next() noexcept {
    const ProcessMapping* mapping = Mappings::next();
    if (mapping == nullptr || mapping->page_bytes != 0)
        return mapping;
    const FileSystem in = file_systems_.of(mapping->device);
    if (file_systems_.error())
        return nullptr;
    if (in == FileSystem::hugetlb || in == FileSystem::unlisted)
        return mapping;
    mapping_ = *mapping;
    mapping_.page_bytes = page_bytes();
    return &mapping_;
}

bool ProcessMaps::was_trackable(const ProcessMapping& mapping) noexcept {
    if (!mapping.has_file)
        return !mapping.special;
    return mapping.page_bytes != page_bytes() ||
           file_systems_.of(mapping.device) == FileSystem::memory;
}

} // namespace ww::kernel
