// SPDX-License-Identifier: MIT
#include "kernel/handles.h"

#include "kernel/memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace ww::kernel {

UniqueFd::~UniqueFd() {
    if (fd_ >= 0)
        ::close(fd_);
}

Mapping::~Mapping() {
    if (!range_.empty())
        ::munmap(data(), range_.bytes());
}

namespace {

std::size_t round_to_pages(std::size_t bytes) noexcept {
    return (bytes + page_bytes() - 1) & ~(page_bytes() - 1);
}

} // namespace

Mapping Mapping::adopt(void* memory, std::size_t bytes) noexcept {
    const auto start = reinterpret_cast<std::uintptr_t>(memory);
    return Mapping{Range{start, start + round_to_pages(bytes)}};
}

Result<Mapping> Mapping::create(std::size_t bytes) noexcept {
    const std::size_t rounded = round_to_pages(bytes);
    void* memory = ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return Error::last();
    return adopt(memory, rounded);
}

} // namespace ww::kernel
