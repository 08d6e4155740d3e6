// SPDX-License-Identifier: MIT
// Hugetlb pages of 2 MiB to test on.
#pragma once

#include <cstddef>
#include <fstream>

inline constexpr std::size_t kHugeBytes = 2 << 20;

// Sees to it that there are enough huge pages, and puts back what was before.
class HugePool {
public:
    explicit HugePool(std::size_t wanted) : before_(read()) {
        if (before_ < wanted)
            write(wanted);
        enough_ = read() >= wanted;
    }
    ~HugePool() {
        if (read() != before_)
            write(before_);
    }
    HugePool(const HugePool&) = delete;
    HugePool& operator=(const HugePool&) = delete;
    bool enough() const { return enough_; }

private:
    static constexpr const char* kFile = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
    static std::size_t read() {
        std::size_t count = 0;
        std::ifstream{kFile} >> count;
        return count;
    }
    static void write(std::size_t count) { std::ofstream{kFile} << count; }

    std::size_t before_;
    bool enough_;
};
