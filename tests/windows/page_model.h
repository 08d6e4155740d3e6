// SPDX-License-Identifier: MIT
// For storms: random numbers without a lock, and what a thread knows of its own
// watched pages.
#pragma once

#include <windows.h>

#include <cstdint>

constexpr size_t page_bytes = 4096;

class Random {
public:
    explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
    uint32_t below(uint32_t limit) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<uint32_t>((state_ >> 20) % limit);
    }

private:
    uint64_t state_;
};

// Watched pages of one thread, and which of them have to be reported.
template<size_t most_pages>
class PageModel {
public:
    explicit PageModel(char* base, size_t pages = most_pages) : base_(base), pages_(pages) {}

    char* at(size_t page) const { return base_ + page * page_bytes; }
    void store(size_t page) {
        *static_cast<volatile char*>(at(page)) = 1;
        dirty_[page] = true;
    }
    void forget(size_t first, size_t count) {
        for (size_t page = first; page < first + count; ++page)
            dirty_[page] = false;
    }
    bool reset(size_t first, size_t count) {
        forget(first, count);
        return ResetWriteWatch(at(first), count * page_bytes) == 0;
    }
    void ask() const {
        void* found[most_pages];
        ULONG_PTR count = most_pages;
        DWORD granularity;
        GetWriteWatch(0, base_, pages_ * page_bytes, found, &count, &granularity);
    }
    // What a query with room for `capacity` has to give; with reset it is taken.
    bool answer_is_right(DWORD flags, size_t capacity) {
        void* found[most_pages];
        ULONG_PTR count = capacity;
        DWORD granularity;
        if (GetWriteWatch(flags, base_, pages_ * page_bytes, found, &count, &granularity) != 0)
            return false;
        size_t next = 0;
        for (size_t page = 0; page < pages_ && next < capacity; ++page) {
            if (!dirty_[page])
                continue;
            if (next == count || found[next] != at(page))
                return false;
            ++next;
            if (flags & WRITE_WATCH_FLAG_RESET)
                dirty_[page] = false;
        }
        return next == count;
    }

private:
    char* base_;
    size_t pages_;
    bool dirty_[most_pages] = {};
};
