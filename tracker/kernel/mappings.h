// SPDX-License-Identifier: MIT
// The mappings of a process, as far as their list tells.
#pragma once

#include "kernel/proc_text.h"
#include "kernel/process.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ww::kernel {

struct ProcessMapping {
    Range range;
    std::uint64_t offset = 0; // in the file, of the first byte
    Device device;
    std::uint64_t inode = 0;
    Access access;
    bool has_file = false;
    bool shared = false;
    bool special = false;       // the kernel's own, like [vdso]
    std::size_t page_bytes = 0; // larger than a page: hugetlb; 0: may be hugetlb
};

class Mappings {
public:
    // Starts with the first mapping that ends behind `from`; error() tells
    // whether there was a list to be had.
    Mappings(const Process& process, std::uintptr_t from) noexcept;

    // Mappings in ascending order, the pointer valid until the next call; nullptr
    // behind the last, or on an error. Before Linux 6.11 every file may be
    // hugetlb.
    const ProcessMapping* next() noexcept;
    Error error() const noexcept { return error_; }

    // For tests: the way of kernels before 6.11.
    void use_text() noexcept;

private:
    const ProcessMapping* next_by_query() noexcept;
    const ProcessMapping* next_by_text() noexcept;
    bool is_special(std::uintptr_t address) noexcept;

    UniqueFd file_;
    LineRoom<512, 512> room_;
    std::optional<LineReader> text_;
    std::uintptr_t from_;
    Error error_;
    ProcessMapping mapping_;
};

// The mapping of this process that an address is in, found with as little stack as
// a handler of signals may have; empty where there is none, or no list to be
// had. Takes a descriptor.
Range mapping_at(std::uintptr_t address) noexcept;

} // namespace ww::kernel
