// SPDX-License-Identifier: MIT
// Which pages of another process's memory are there, and which are written:
// counted from outside, resetting nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace ww::command {

struct PageCount {
    std::uint64_t committed = 0; // with contents, in memory or swapped out
    std::uint64_t written = 0;
};

// Equal parts of a range, counted in bytes.
class Cells {
public:
    Cells(std::uint64_t start, std::uint64_t bytes, std::size_t count);

    std::uint64_t start() const noexcept { return start_; }
    std::uint64_t end() const noexcept { return end_; }
    std::size_t size() const noexcept { return cells_.size(); }
    std::uint64_t cell_start(std::size_t cell) const noexcept;
    const PageCount& operator[](std::size_t cell) const noexcept { return cells_[cell]; }

    // Memory with contents. What lies outside of the range counts, too, but here
    // alone.
    void add(std::uint64_t first, std::uint64_t last, bool written) noexcept;
    const PageCount& total() const noexcept { return total_; }
    // From the first of it to the end of the last; 0 to 0 where there is none.
    std::uint64_t used_start() const noexcept { return used_start_; }
    std::uint64_t used_end() const noexcept { return used_end_; }

private:
    std::size_t cell_of(std::uint64_t address) const noexcept;

    std::uint64_t start_;
    std::uint64_t end_;
    std::uint64_t used_start_ = 0;
    std::uint64_t used_end_ = 0;
    PageCount total_;
    std::vector<PageCount> cells_;
};

// Counts the same watch again and again. Of a large one of which little is in
// use, such as a heap's reservation, the parts are of that piece: it grows with
// what is used, and never shrinks.
class Census {
public:
    // At most so many parts, and at least a page each. nullopt if the kernel does
    // not tell, or the process is gone.
    std::optional<Cells> take(int pagemap, std::uint64_t start, std::uint64_t bytes,
                              std::size_t parts);

private:
    std::uint64_t start_ = 0; // of the piece; 0 to 0: not known yet
    std::uint64_t end_ = 0;
};

} // namespace ww::command
