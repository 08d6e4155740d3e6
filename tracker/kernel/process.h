// SPDX-License-Identifier: MIT
// Any process that may be read, through its folder in /proc: one descriptor of
// the folder, so that all files are of the same process even when its number is
// used again.
#pragma once

#include "kernel/handles.h"
#include "kernel/page_scan.h"

#include <cerrno>
#include <cstdint>
#include <span>

namespace ww::kernel {

inline constexpr Error bad_address{EFAULT};

class Process {
public:
    Process() noexcept = default;
    // 0 is the caller.
    static Result<Process> open(int pid) noexcept;

    // As scan_pages(), whatever stands in `out`.
    ScanResult scan(const PageScan& scan, std::span<Region> out) const noexcept;

    // Whether the kernel takes [start, end), and a vector, as addresses
    // (bad_address if not), and knows the categories (invalid if not). Other
    // errors: it takes no such call at all.
    Error check_range(std::uint64_t start, std::uint64_t end) const noexcept;
    Error check_vector(std::uint64_t vector, std::uint64_t length) const noexcept;
    Error check_categories(std::uint64_t categories) const noexcept;

    // A file in the process's folder, for reading.
    Result<UniqueFd> open_file(const char* name) const noexcept;

private:
    UniqueFd folder_;
    UniqueFd pagemap_;
};

// Makes sure that the memory can be stored to; bad_address if not. Keeps its
// contents.
Error make_writable(Range memory) noexcept;

} // namespace ww::kernel
