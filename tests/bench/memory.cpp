// SPDX-License-Identifier: MIT
#include "memory.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <new>
#include <numeric>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

namespace bench {

std::size_t page_bytes() {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

Mapping::Mapping(std::size_t bytes) : mapped_bytes_(bytes + 2 * kMiB) {
    mapped_ = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped_ == MAP_FAILED)
        throw std::bad_alloc{};
    ::madvise(mapped_, mapped_bytes_, MADV_NOHUGEPAGE);
    const auto start = reinterpret_cast<std::uintptr_t>(mapped_);
    block_ = {reinterpret_cast<char*>((start + 2 * kMiB - 1) & ~(2 * kMiB - 1)), bytes};
}

Mapping::~Mapping() {
    unmap();
}

void Mapping::unmap() {
    if (mapped_ != nullptr)
        ::munmap(mapped_, mapped_bytes_);
    mapped_ = nullptr;
}

void Mapping::populate() const {
    for (std::size_t page = 0; page < block_.pages(); ++page)
        *static_cast<volatile char*>(block_.page(page)) = 1;
}

Pages first_pages(std::size_t count) {
    Pages pages(count);
    std::iota(pages.begin(), pages.end(), std::size_t{0});
    return pages;
}

Pages scatter(std::size_t count, std::size_t page_count) {
    std::mt19937_64 random{1}; // NOLINT: the same in every run
    std::uniform_int_distribution<std::size_t> any{0, page_count - 1};
    std::vector<bool> chosen(page_count);
    for (std::size_t left = std::min(count, page_count); left > 0;) {
        const std::size_t page = any(random);
        left -= chosen[page] ? 0 : 1;
        chosen[page] = true;
    }
    Pages pages;
    for (std::size_t page = 0; page < page_count; ++page) {
        if (chosen[page])
            pages.push_back(page);
    }
    return pages;
}

Pages choose(const Written& written, std::size_t page_count) {
    Pages pages;
    if (written.every_second) {
        for (std::size_t page = 0; page < page_count; page += 2)
            pages.push_back(page);
        return pages;
    }
    if (written.share >= 1)
        return first_pages(page_count);
    if (written.share <= 0)
        return pages;
    const auto count = static_cast<std::size_t>(written.share * static_cast<double>(page_count));
    return scatter(std::max<std::size_t>(1, count), page_count);
}

void store_into(const Block& block, const Pages& pages) {
    static std::uint64_t stamp = 0;
    ++stamp;
    // Not always the same line of a page: these would fall into few cache sets.
    const std::size_t lines = page_bytes() / 64;
    for (const std::size_t page : pages) {
        char* line = block.page(page) + page % lines * 64;
        *reinterpret_cast<volatile std::uint64_t*>(line) = stamp;
    }
}

namespace {

// A line "Name:   123 kB" of a file under /proc.
std::size_t bytes_in(const char* file, const std::string& name) {
    std::ifstream lines{file};
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind(name + ":", 0) == 0)
            return std::stoull(line.substr(name.size() + 1)) * kKiB;
    }
    return 0;
}

} // namespace

std::size_t available_bytes() {
    return bytes_in("/proc/meminfo", "MemAvailable");
}

std::size_t page_table_bytes() {
    return bytes_in("/proc/self/status", "VmPTE");
}

std::string size_name(std::size_t bytes) {
    if (bytes >= kGiB)
        return std::to_string(bytes / kGiB) + "GiB";
    if (bytes >= kMiB)
        return std::to_string(bytes / kMiB) + "MiB";
    return std::to_string(bytes / kKiB) + "KiB";
}

} // namespace bench
