// SPDX-License-Identifier: MIT
// The forms in which written pages are reported, of the size that the memory is
// told in. Each takes regions in ascending order and says how much more it can
// take; what it takes is exact, so that a reset never exceeds what was reported.
#pragma once

#include "bits.h"
#include "range.h"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace ww {

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// For answers whose room does not depend on where pages lie, nor on their size.
struct AnyPlace {
    static Range fitting(Range range) noexcept { return range; }
    static void use_pages_of(std::size_t) noexcept {}
};

// GetWriteWatch's form: an address for each page.
class AddressAnswer : public AnyPlace {
public:
    AddressAnswer(void** out, std::size_t capacity, std::size_t page_bytes) noexcept
        : out_(out), capacity_(capacity), page_bytes_(page_bytes) {}

    void use_pages_of(std::size_t bytes) noexcept { page_bytes_ = bytes; }
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

// Coalesced ranges, in the caller's struct of a base, or an offset, and a size.
template<class Out>
class RangeAnswer : public AnyPlace {
public:
    RangeAnswer(Out* out, std::size_t capacity) noexcept : out_(out), capacity_(capacity) {}

    std::size_t region_room() const noexcept { return capacity_ - count_; }
    std::size_t page_room() const noexcept { return count_ < capacity_ ? kNoLimit : 0; }
    std::size_t count() const noexcept { return count_; }

    void take(Range written) noexcept {
        if (count_ > 0 && written.start == last_end_)
            out_[count_ - 1].bytes += written.bytes();
        else
            out_[count_++] = piece(written);
        last_end_ = written.end;
    }

private:
    static Out piece(Range range) noexcept {
        if constexpr (requires(Out out) { out.offset; })
            return {range.start, range.bytes()};
        else
            return {reinterpret_cast<void*>(range.start), range.bytes()};
    }

    Out* out_;
    std::size_t capacity_;
    std::size_t count_ = 0;
    std::uintptr_t last_end_ = 0;
};

// One bit a page, counted from `base`, OR-ed into the caller's words.
class BitmapAnswer {
public:
    BitmapAnswer(std::uint64_t* words, std::size_t word_count, std::uintptr_t base,
                 std::size_t page_bytes) noexcept
        : words_(words), word_count_(word_count), base_(base), page_bytes_(page_bytes) {}

    void use_pages_of(std::size_t bytes) noexcept { page_bytes_ = bytes; }
    Range fitting(Range range) const noexcept {
        const bool fits = range.bytes() / page_bytes_ / 64 < word_count_;
        return fits ? range : Range{range.start, range.start + word_count_ * 64 * page_bytes_};
    }
    static std::size_t region_room() noexcept { return kNoLimit; }
    static std::size_t page_room() noexcept { return kNoLimit; }
    std::size_t count() const noexcept { return count_; }

    void take(Range written) noexcept {
        const std::size_t first = (written.start - base_) / page_bytes_;
        const std::size_t end = (written.end - base_) / page_bytes_;
        for_each_bit_run(first, end,
                         [this](std::size_t word, std::uint64_t mask) { words_[word] |= mask; });
        count_ += end - first;
    }

private:
    std::uint64_t* words_;
    std::size_t word_count_;
    std::uintptr_t base_;
    std::size_t page_bytes_;
    std::size_t count_ = 0;
};

// How many, and no more than are asked for.
class CountAnswer : public AnyPlace {
public:
    CountAnswer(std::size_t limit, std::size_t page_bytes) noexcept
        : limit_(limit), page_bytes_(page_bytes) {}

    void use_pages_of(std::size_t bytes) noexcept { page_bytes_ = bytes; }
    static std::size_t region_room() noexcept { return kNoLimit; }
    std::size_t page_room() const noexcept { return limit_ - count_; }
    std::size_t count() const noexcept { return count_; }
    void take(Range written) noexcept { count_ += written.bytes() / page_bytes_; }

private:
    std::size_t limit_;
    std::size_t page_bytes_;
    std::size_t count_ = 0;
};

// Nobody asks: what was written is only to be reset.
class NoAnswer : public AnyPlace {
public:
    static std::size_t region_room() noexcept { return kNoLimit; }
    static std::size_t page_room() noexcept { return kNoLimit; }
    static std::size_t count() noexcept { return 0; }
    static void take(Range) noexcept {}
};

} // namespace ww
