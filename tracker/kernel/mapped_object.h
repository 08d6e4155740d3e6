// SPDX-License-Identifier: MIT
// Which shared object is mapped somewhere, and from which offset on.
#pragma once

#include "kernel/proc_text.h"
#include "kernel/result.h"
#include "range.h"

#include <cstdint>

namespace ww::kernel {

struct MappedObject {
    Device device;
    std::uint64_t inode = 0;
    std::uint64_t offset = 0; // of the first byte

    bool is_same(const MappedObject& other) const noexcept {
        return device == other.device && inode == other.inode;
    }
};

// What the range shows. unsupported_memory: not all of it is mapped shared;
// invalid: not one part of one object; no_memory: something is not mapped.
Result<MappedObject> mapped_object(Range range) noexcept;

} // namespace ww::kernel
