// SPDX-License-Identifier: MIT
#pragma once

#include "windows_api.h"

#include <initializer_list>
#include <string>
#include <vector>

// A VirtualAlloc of its own, released at the end of its scope.
class Region {
public:
    static constexpr DWORD watched = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;
    static constexpr DWORD watched_reserve = MEM_RESERVE | MEM_WRITE_WATCH;
    static constexpr DWORD unwatched = MEM_RESERVE | MEM_COMMIT;

    // base() is null if Windows refused.
    explicit Region(size_t pages, DWORD type = watched, DWORD protection = PAGE_READWRITE,
                    void* at = nullptr);
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;
    ~Region() { release(); }

    void* base() const { return base_; }
    size_t pages() const { return pages_; }
    char* page(size_t number) const { return base_ + number * page_bytes; }
    size_t page_number(const void* address) const;

    void commit(size_t first, size_t count);
    void decommit(size_t first, size_t count);
    void decommit_all();
    void protect(size_t first, size_t count, DWORD protection);
    void release();

    // One byte each, far from the page's edges.
    void store(std::initializer_list<size_t> page_numbers) const;
    void store_all() const;
    void load_all() const;

private:
    char* base_;
    size_t pages_;
};

// What one GetWriteWatch said: pages, or why not.
struct Answer {
    DWORD error = ERROR_SUCCESS;
    std::vector<void*> addresses;
};

// More than any scenario writes.
inline constexpr size_t enough_room = 4096;

Answer query(void* base, size_t bytes, DWORD flags = 0, size_t capacity = enough_room);
Answer query(const Region& region, DWORD flags = 0, size_t capacity = enough_room);
void reset(const Region& region);

// "{1 3 9}", in the order reported, or the name of the error without its ERROR_.
std::string text(const Region& region, const Answer& answer);
// The written pages of the whole region, which stay written.
std::string dirty(const Region& region);
std::string dirty_then_reset(const Region& region, size_t capacity = enough_room);
std::string error_name(DWORD error);
