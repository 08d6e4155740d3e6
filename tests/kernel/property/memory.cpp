// SPDX-License-Identifier: MIT
#include "memory.h"

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace property {

namespace {

// Behind the region lie free addresses, many more than anybody maps at a time:
// the kernel prefers them to the holes that operations make in the region.
constexpr std::size_t kFreeBehind = std::size_t{1} << (sizeof(void*) == 8 ? 32 : 28);

void check(bool success, const char* what) {
    if (!success)
        throw std::system_error(errno, std::generic_category(), what);
}

int protection(Access access) {
    switch (access) {
    case Access::none:
        return PROT_NONE;
    case Access::read:
        return PROT_READ;
    default:
        return PROT_READ | PROT_WRITE;
    }
}

} // namespace

Memory::Memory() : page_bytes_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    const std::size_t block_bytes = kBlockPages * page_bytes_;
    const std::size_t region_bytes = kBlocks * block_bytes;
    void* mapping = ::mmap(nullptr, block_bytes + region_bytes + kFreeBehind, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(mapping != MAP_FAILED, "mmap of the region");
    mapping_ = static_cast<char*>(mapping);
    const std::size_t past_block = reinterpret_cast<std::uintptr_t>(mapping) % block_bytes;
    base_ = mapping_ + (block_bytes - past_block) % block_bytes;
    check(::munmap(mapping_ + block_bytes + region_bytes, kFreeBehind) == 0, "munmap");
    source_ = ::memfd_create("source", MFD_CLOEXEC);
    check(source_ >= 0, "memfd_create");
    check(::ftruncate(source_, static_cast<off_t>(region_bytes)) == 0, "ftruncate");
}

Memory::~Memory() {
    ::munmap(mapping_, (kBlocks + 1) * kBlockPages * page_bytes_);
    ::close(source_);
}

std::size_t Memory::page_of(const void* address) const {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base_);
    if (offset % page_bytes_ != 0 || offset > kRegionPages * page_bytes_)
        throw std::runtime_error("an address that is no page of the region");
    return offset / page_bytes_;
}

// A huge page would be populated as a whole by one store before it is watched.
void Memory::map(Span span, Access access) const {
    check(::mmap(at(span.first), bytes(span), protection(access),
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == at(span.first),
          "mmap");
    const int refused = ::madvise(at(span.first), bytes(span), MADV_NOHUGEPAGE);
    check(refused == 0 || errno == EINVAL, "madvise");
}

void Memory::unmap(Span span) const {
    check(::munmap(at(span.first), bytes(span)) == 0, "munmap");
}

void Memory::protect(Span span, Access access) const {
    check(::mprotect(at(span.first), bytes(span), protection(access)) == 0, "mprotect");
}

void Memory::discard(Span span) const {
    check(::madvise(at(span.first), bytes(span), MADV_DONTNEED) == 0, "madvise");
}

void Memory::kernel_write(Span span) const {
    const ssize_t got = ::pread(source_, at(span.first), bytes(span), 0);
    check(got == static_cast<ssize_t>(bytes(span)), "pread");
}

} // namespace property
