// SPDX-License-Identifier: MIT
// The region on the real kernel.
#pragma once

#include "operation.h"

#include <cstddef>

namespace property {

class Memory {
public:
    // Addresses for the region, and nothing mapped there that counts.
    Memory();
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    std::size_t page_bytes() const { return page_bytes_; }
    char* at(std::size_t page) const { return base_ + page * page_bytes_; }
    std::size_t bytes(Span span) const { return span.count * page_bytes_; }
    // The page that begins at `address`; fails if none of the region, or its end, does.
    std::size_t page_of(const void* address) const;

    // Each throws std::runtime_error if the kernel refuses.
    void map(Span span, Access access) const;
    void unmap(Span span) const;
    void protect(Span span, Access access) const;
    void discard(Span span) const;
    void kernel_write(Span span) const;

    void store(std::size_t page) const { *static_cast<volatile char*>(at(page)) = 1; }
    void load(std::size_t page) const { static_cast<void>(*static_cast<volatile char*>(at(page))); }

private:
    std::size_t page_bytes_;
    char* mapping_; // somewhere in it begins the region
    char* base_;
    int source_; // a file as long as the region
};

} // namespace property
