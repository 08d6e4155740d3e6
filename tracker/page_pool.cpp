// SPDX-License-Identifier: MIT
#include "page_pool.h"

#include <algorithm>
#include <cstring>

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Result;

namespace {

// A bit of a slot's number is left to those who keep it.
constexpr std::size_t kSlotsAtMost = std::size_t{1} << 31;

} // namespace

Error PagePool::open(std::size_t bytes_limit, std::size_t page_bytes) noexcept {
    const std::size_t slots = std::min(bytes_limit / page_bytes, kSlotsAtMost - 1);
    if (slots == 0)
        return Error::invalid;
    Result<Mapping> memory = Mapping::create((slots + 1) * page_bytes);
    if (!memory)
        return memory.error();
    memory_ = std::move(*memory);
    page_bytes_ = page_bytes;
    slot_count_ = slots + 1;
    return Error::none;
}

PagePool::Slot PagePool::allocate() noexcept {
    if (slots_free() == 0)
        return kZeros;
    ++used_;
    if (freed_ == kZeros)
        return never_used_++;
    const Slot slot = freed_;
    std::memcpy(&freed_, at(slot), sizeof freed_);
    return slot;
}

void PagePool::free(Slot slot) noexcept {
    if (slot == kZeros)
        return;
    std::memcpy(at(slot), &freed_, sizeof freed_);
    freed_ = slot;
    --used_;
}

} // namespace ww
