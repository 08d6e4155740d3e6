// SPDX-License-Identifier: MIT
#include "region.h"

#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace ww::hooks {

namespace {

constexpr int kNoMemory = -12; // ENOMEM

int advise(void* base, std::size_t bytes, int advice) noexcept {
    return ::madvise(base, bytes, advice) == 0 ? 0 : kNoMemory;
}

} // namespace

std::size_t page_bytes() noexcept {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

int discard(void* base, std::size_t bytes) noexcept {
    return advise(base, bytes, MADV_DONTNEED);
}

int discard_lazily(void* base, std::size_t bytes) noexcept {
    return advise(base, bytes, MADV_FREE);
}

Region::Region(Region&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)),
      tracker_(std::exchange(other.tracker_, nullptr)) {}

Region& Region::operator=(Region&& other) noexcept {
    Region taken{std::move(other)};
    std::swap(base_, taken.base_);
    std::swap(bytes_, taken.bytes_);
    std::swap(tracker_, taken.tracker_);
    return *this;
}

// The addresses may be somebody else's as soon as they are unmapped.
Region::~Region() {
    if (base_ == nullptr)
        return;
    if (tracker_ != nullptr)
        ww_forget(tracker_, base_, bytes_);
    ::munmap(base_, bytes_);
}

int Region::reserve(std::size_t bytes, std::size_t alignment) noexcept {
    void* memory = ::mmap(nullptr, bytes + alignment, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return kNoMemory;
    auto* const start = static_cast<std::byte*>(memory);
    const auto address = reinterpret_cast<std::uintptr_t>(start);
    const std::size_t before = (alignment - address % alignment) % alignment;
    if (before != 0)
        ::munmap(start, before);
    ::munmap(start + before + bytes, alignment - before);
    base_ = start + before;
    bytes_ = bytes;
    return 0;
}

int Region::watch(ww_tracker* tracker) noexcept {
    const int error = ww_watch(tracker, base_, bytes_, WW_WATCH_ANONYMOUS);
    if (error == 0)
        tracker_ = tracker;
    return error;
}

void Region::unwatch() noexcept {
    if (tracker_ != nullptr)
        ww_unwatch(std::exchange(tracker_, nullptr), base_, bytes_);
}

} // namespace ww::hooks
