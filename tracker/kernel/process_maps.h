// SPDX-License-Identifier: MIT
// The mappings of a process, and what file systems tell of them: what
// PAGEMAP_SCAN does not say of memory.
#pragma once

#include "kernel/file_systems.h"
#include "kernel/mappings.h"

namespace ww::kernel {

class ProcessMaps : public Mappings {
public:
    ProcessMaps(const Process& process, std::uintptr_t from) noexcept
        : Mappings(process, from), file_systems_(process) {}

    // As in the base, but fewer files are taken for possible hugetlb.
    const ProcessMapping* next() noexcept;
    Error error() const noexcept {
        return Mappings::error() ? Mappings::error() : file_systems_.error();
    }

    // Whether it is anonymous, shared memory or hugetlb: what could be tracked in
    // 2023. False is no answer where there is an error().
    bool was_trackable(const ProcessMapping& mapping) noexcept;

private:
    FileSystems file_systems_;
    ProcessMapping mapping_;
};

} // namespace ww::kernel
