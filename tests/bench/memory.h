// SPDX-License-Identifier: MIT
// Memory to watch, and which of its pages to write.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;
inline constexpr std::size_t kGiB = 1024 * kMiB;

std::size_t page_bytes();

struct Block {
    char* base = nullptr;
    std::size_t bytes = 0;
    std::size_t pages() const { return bytes / page_bytes(); }
    char* page(std::size_t number) const { return base + number * page_bytes(); }
};

// Private anonymous memory of its own, without huge pages for every peer alike,
// at a multiple of 2 MiB. Throws std::bad_alloc.
class Mapping {
public:
    explicit Mapping(std::size_t bytes);
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    const Block& block() const { return block_; }
    void populate() const;
    void unmap(); // ahead of the destructor, to be timed

private:
    Block block_;
    void* mapped_ = nullptr;
    std::size_t mapped_bytes_ = 0;
};

// Page numbers, ascending.
using Pages = std::vector<std::size_t>;

// A share of the pages, as the grid has it.
struct Written {
    const char* name;
    double share; // of all pages; at least one page unless 0
    bool every_second = false;
};
Pages choose(const Written& written, std::size_t page_count);

// `count` of `page_count` pages, spread at random but the same in every run.
Pages scatter(std::size_t count, std::size_t page_count);
Pages first_pages(std::size_t count);

// Stores into each page a value that it did not have.
void store_into(const Block& block, const Pages& pages);

// Bytes of memory that could be had without swapping.
std::size_t available_bytes();

// Bytes of this process's page tables.
std::size_t page_table_bytes();

std::string size_name(std::size_t bytes); // "64MiB"

} // namespace bench
