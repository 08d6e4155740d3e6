// SPDX-License-Identifier: MIT
// The mappings of a process: what PAGEMAP_SCAN does not say of memory.
#pragma once

#include "kernel/file_systems.h"

#include <cstddef>
#include <cstdint>

namespace ww::kernel {

struct ProcessMapping {
    Range range;
    Device device;
    bool has_file = false;
    bool special = false;       // the kernel's own, like [vdso]
    std::size_t page_bytes = 0; // larger than a page: hugetlb; 0: may be hugetlb
};

class ProcessMaps {
public:
    // Starts with the first mapping that ends behind `from`; error() tells
    // whether there was a list to be had.
    ProcessMaps(const Process& process, std::uintptr_t from) noexcept;

    // Mappings in ascending order, the pointer valid until the next call; nullptr
    // behind the last, or on an error.
    const ProcessMapping* next() noexcept;
    Error error() const noexcept { return error_; }

    // Whether it is anonymous, shared memory or hugetlb: what could be tracked
    // in 2023.
    bool was_trackable(const ProcessMapping& mapping) noexcept;

    // For tests: the way of kernels before 6.11.
    void use_text() noexcept;

private:
    const ProcessMapping* next_by_query() noexcept;
    const ProcessMapping* next_by_text() noexcept;
    bool is_special(std::uintptr_t address) noexcept;

    FileSystems file_systems_;
    UniqueFd file_;
    std::optional<LineReader> text_;
    std::uintptr_t from_;
    Error error_;
    ProcessMapping mapping_;
};

} // namespace ww::kernel
