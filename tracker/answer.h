// SPDX-License-Identifier: MIT
// The forms in which written pages are reported. Each takes regions in
// ascending order and says how much more it can take; what it takes is exact,
// so that a reset never exceeds what was reported.
#pragma once

#include "kernel/uapi.h"
#include "range.h"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace ww {

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// GetWriteWatch's form: an address for each page.
class AddressAnswer {
public:
    AddressAnswer(void** out, std::size_t capacity, std::size_t page_bytes) noexcept
        : out_(out), capacity_(capacity), page_bytes_(page_bytes) {}

    std::size_t region_room() const noexcept { return capacity_ - count_; }
    std::size_t page_room() const noexcept { return capacity_ - count_; }
    std::size_t count() const noexcept { return count_; }

    void take(Range written) noexcept {
        for (std::uintptr_t page = written.start; page < written.end; page += page_bytes_)
            out_[count_++] = reinterpret_cast<void*>(page);
    }

private:
    void** out_;
    std::size_t capacity_;
    std::size_t page_bytes_;
    std::size_t count_ = 0;
};

// Coalesced ranges, in the caller's struct of a base and a size.
template<class Out>
class RangeAnswer {
public:
    RangeAnswer(Out* out, std::size_t capacity) noexcept : out_(out), capacity_(capacity) {}

    std::size_t region_room() const noexcept { return capacity_ - count_; }
    std::size_t page_room() const noexcept { return count_ < capacity_ ? kNoLimit : 0; }
    std::size_t count() const noexcept { return count_; }

    void take(Range written) noexcept {
        if (count_ > 0 && written.start == last_end_)
            out_[count_ - 1].bytes += written.bytes();
        else
            out_[count_++] = {reinterpret_cast<void*>(written.start), written.bytes()};
        last_end_ = written.end;
    }

private:
    Out* out_;
    std::size_t capacity_;
    std::size_t count_ = 0;
    std::uintptr_t last_end_ = 0;
};

// Nobody asks: what was written is only to be reset.
class NoAnswer {
public:
    static std::size_t region_room() noexcept { return kNoLimit; }
    static std::size_t page_room() noexcept { return kNoLimit; }
    static std::size_t count() noexcept { return 0; }
    static void take(Range) noexcept {}
};

} // namespace ww
