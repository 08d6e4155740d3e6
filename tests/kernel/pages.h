// SPDX-License-Identifier: MIT
// Memory to watch, by page numbers.
#pragma once

#include "writewatch/writewatch.h"

#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <memory>
#include <ostream>
#include <set>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

// For cases that copy memory while others write to it, which is what they are
// about: a race by its words.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kFindsRaces = true;
#else
inline constexpr bool kFindsRaces = false;
#endif

using PageSet = std::set<std::size_t>;

inline std::ostream& operator<<(std::ostream& out, const PageSet& pages) {
    out << '{';
    for (const std::size_t page : pages)
        out << ' ' << page;
    return out << " }";
}

inline const std::size_t kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

inline PageSet pages_between(std::size_t first, std::size_t end) {
    PageSet pages;
    for (std::size_t page = first; page < end; ++page)
        pages.insert(pages.end(), page);
    return pages;
}

struct TrackerDeleter {
    void operator()(ww_tracker* tracker) const { ww_tracker_destroy(tracker); }
};
using TrackerPtr = std::unique_ptr<ww_tracker, TrackerDeleter>;

inline TrackerPtr make_tracker() {
    ww_tracker* tracker = nullptr;
    REQUIRE(ww_tracker_create(&tracker) == 0);
    return TrackerPtr{tracker};
}

// A kind of memory to test on (memory_kinds.h).
struct TestedKind {
    const char* name;
    // Maps it over private anonymous memory; false if it cannot be had here.
    bool (*map)(char* base, std::size_t bytes);
    std::size_t page_bytes = kPage;
    std::size_t alignment = kPage;
    unsigned watch_flags = 0;
};

// Fresh private anonymous memory, not watched.
class Pages {
public:
    explicit Pages(std::size_t count, std::size_t alignment = 0, std::size_t page_bytes = kPage)
        : count_(count), page_bytes_(page_bytes) {
        const std::size_t slack = alignment;
        mapped_ = bytes() + slack;
        mapping_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        REQUIRE(mapping_ != MAP_FAILED);
        auto start = reinterpret_cast<std::uintptr_t>(mapping_);
        if (alignment != 0)
            start = (start + alignment - 1) / alignment * alignment;
        base_ = reinterpret_cast<char*>(start);
    }
    ~Pages() { ::munmap(mapping_, mapped_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;

    char* at(std::size_t page) const { return base_ + page * page_bytes_; }
    std::size_t count() const { return count_; }
    std::size_t page_bytes() const { return page_bytes_; }
    std::size_t bytes() const { return count_ * page_bytes_; }

    void store(std::size_t page, char value = 1) const {
        *static_cast<volatile char*>(at(page)) = value;
    }
    char load(std::size_t page) const { return *static_cast<const volatile char*>(at(page)); }
    void store_all() const {
        for (std::size_t page = 0; page < count_; ++page)
            store(page);
    }

private:
    std::size_t count_;
    std::size_t page_bytes_;
    std::size_t mapped_;
    void* mapping_;
    char* base_;
};

// Pages, watched by a tracker of their own.
class Watched : public Pages {
public:
    explicit Watched(std::size_t count, std::size_t alignment = 0)
        : Pages(count, alignment), tracker_(make_tracker()) {
        REQUIRE(ww_watch(tracker(), at(0), bytes(), 0) == 0);
    }

    // What `prepare` does to the memory comes before the watch.
    template<class Prepare>
    Watched(const TestedKind& kind, std::size_t count, Prepare prepare)
        : Pages(count, kind.alignment, kind.page_bytes), tracker_(make_tracker()) {
        REQUIRE(kind.map(at(0), bytes()));
        prepare(static_cast<const Pages&>(*this));
        REQUIRE(ww_watch(tracker(), at(0), bytes(), kind.watch_flags) == 0);
    }
    Watched(const TestedKind& kind, std::size_t count)
        : Watched(kind, count, [](const Pages&) {}) {}

    ww_tracker* tracker() const { return tracker_.get(); }

    PageSet written() const { return collect(0, 0, count()); }
    PageSet written_and_reset() const { return collect(WW_RESET, 0, count()); }

    PageSet collect(unsigned flags, std::size_t first, std::size_t page_count) const {
        std::vector<void*> out(page_count);
        void* resume = nullptr;
        const std::ptrdiff_t found =
            ww_collect_pages(tracker(), at(first), page_count * page_bytes(), flags, out.data(),
                             out.size(), &resume);
        REQUIRE(found >= 0);
        CHECK(resume == at(first + page_count));
        PageSet pages;
        for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i)
            pages.insert(page_of(out[i]));
        CHECK(pages.size() == static_cast<std::size_t>(found));
        return pages;
    }

    std::size_t page_of(const void* address) const {
        return static_cast<std::size_t>(static_cast<const char*>(address) - at(0)) / page_bytes();
    }

    ww_counters counters() const {
        ww_counters counters;
        ww_tracker_counters(tracker(), &counters, sizeof counters);
        return counters;
    }

private:
    TrackerPtr tracker_;
};
