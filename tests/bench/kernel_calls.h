// SPDX-License-Identifier: MIT
// The kernel's interface, for peers that use it directly. Carried along because
// the headers of distributions in use do not have it, and apart from the
// tracker's own copy: what is compared with the tracker must not share with it.
#pragma once

#include "memory.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bench {

struct Region {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t categories;
};

enum class Mask {
    fast,    // takes a page that was never armed for a written one
    precise, // does not, but is slower
};

// Files closed by the destructor; every failure throws std::runtime_error.
class WriteProtection {
public:
    WriteProtection();
    ~WriteProtection();
    WriteProtection(const WriteProtection&) = delete;
    WriteProtection& operator=(const WriteProtection&) = delete;

    void enroll(const Block& block) const;  // UFFDIO_REGISTER
    void dismiss(const Block& block) const; // UFFDIO_UNREGISTER
    void arm(const Block& block) const;     // UFFDIO_WRITEPROTECT, untouched pages too

    struct Found {
        std::size_t regions;
        std::uint64_t walk_end;
    };
    // One PAGEMAP_SCAN: read() only reads, take() write-protects in the same step.
    Found read(std::uint64_t start, std::uint64_t end, Mask mask, std::span<Region> out) const;
    Found take(std::uint64_t start, std::uint64_t end, Mask mask, std::span<Region> out) const;

private:
    Found scan(std::uint64_t flags, std::uint64_t start, std::uint64_t end, Mask mask,
               std::span<Region> out) const;
    int userfaultfd_;
    int pagemap_;
};

} // namespace bench
