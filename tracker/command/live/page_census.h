// SPDX-License-Identifier: MIT
// Which pages of another process's memory are there, and which are written:
// counted from outside, resetting nothing.
#pragma once

#include <cstdint>
#include <span>
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
    PageCount total() const noexcept;

    void add(std::uint64_t first, std::uint64_t last, bool written) noexcept;

private:
    std::size_t cell_of(std::uint64_t address) const noexcept;

    std::uint64_t start_;
    std::uint64_t end_;
    std::vector<PageCount> cells_;
};

// A piece of memory that is written.
struct WrittenRun {
    std::uint64_t start;
    std::uint64_t end;
};

// False if the kernel does not tell, or the process is gone. `runs`, if not null,
// gets what is written, in ascending order, as far as `most_runs` go.
bool take_census(int pagemap, Cells& cells, std::vector<WrittenRun>* runs = nullptr,
                 std::size_t most_runs = 0);

} // namespace ww::command
