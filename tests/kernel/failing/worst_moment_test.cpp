// SPDX-License-Identifier: MIT
// What only shows when a call is looked at: from between two system calls, from a
// kernel that lacks one, or by counting them.
#include "huge_pool.h"
#include "need.h"
#include "scenario.h"

#include <linux/ioctl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <vector>

namespace {

// Two huge pages where they can be had.
class HugePages {
public:
    HugePages() {
        if (!pool_.enough())
            return;
        void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
        base_ = memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
    }
    ~HugePages() {
        if (base_ != nullptr)
            ::munmap(base_, kBytes);
    }
    HugePages(const HugePages&) = delete;
    HugePages& operator=(const HugePages&) = delete;

    static constexpr std::size_t kBytes = 2 * kHugeBytes;
    explicit operator bool() const {
        if (base_ == nullptr)
            MESSAGE("skipped: no hugetlb pages, and no right to reserve any");
        return base_ != nullptr;
    }
    char* at(std::size_t page) const { return base_ + page * kHugeBytes; }
    void store(std::size_t page) const { *static_cast<volatile char*>(at(page)) = 1; }

private:
    HugePool pool_{2};
    char* base_ = nullptr;
};

std::uint64_t written_and_reset(const TrackerPtr& tracker, const HugePages& pages) {
    std::uint64_t word = 0;
    CHECK(ww_collect_bitmap(tracker.get(), pages.at(0), HugePages::kBytes, WW_RESET, &word, 1,
                            nullptr) >= 0);
    return word;
}

long calls_of_collect_many(ww_tracker* tracker, const std::vector<ww_range>& ranges,
                           unsigned flags) {
    failing::disarm();
    CHECK(api([&] {
              return ww_count_written_many(tracker, ranges.data(), ranges.size(), nullptr, flags,
                                           100'000, nullptr);
          }) == 0);
    return failing::calls();
}

} // namespace

TEST_CASE("hugetlb memory that a kernel before 6.11 takes for a file is refused, and let go") {
    const HugePages pages;
    if (!pages)
        return;
    const failing::Failure no_query[] = {{"ioctl", 0xc0686611, ENOTTY}}; // PROCMAP_QUERY
    const TrackerPtr older = make_tracker();
    failing::set_absent(no_query);
    CHECK(api([&] { return ww_watch(older.get(), pages.at(0), HugePages::kBytes, 0); }) ==
          -EOPNOTSUPP);
    failing::set_absent({});
    // It is not left registered: another tracker may have it.
    const TrackerPtr newer = make_tracker();
    CHECK(ww_watch(newer.get(), pages.at(0), HugePages::kBytes, 0) == 0);
    CHECK(ww_granularity(newer.get(), pages.at(0)) == kHugeBytes);
}

TEST_CASE("a page that comes while dropped memory is protected again counts as written") {
    const HugePages pages;
    if (!pages)
        return;
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), pages.at(0), HugePages::kBytes, 0) == 0);
    pages.store(0);
    pages.store(1); // of a clean page the mark stays
    REQUIRE(::madvise(pages.at(1), kHugeBytes, MADV_DONTNEED) == 0);
    bool came = false;
    failing::interpose("ioctl", UFFDIO_WRITEPROTECT, [&] {
        pages.store(1);
        came = true;
    });
    CHECK(api([&] { return ww_discarded(tracker.get(), pages.at(1), kHugeBytes); }) == 0);
    CHECK(came);
    CHECK(written_and_reset(tracker, pages) == 3);
    CHECK(written_and_reset(tracker, pages) == 0);
}

TEST_CASE("many clean ranges that are known to be unchanged are one question to the kernel") {
    const Watched pages{4096};
    std::vector<ww_range> ranges;
    for (std::size_t page = 0; page < pages.count(); page += 128)
        ranges.push_back({pages.at(page), 64 * kPage});
    // Clean and untouched in turn: a region each, if all is looked at.
    for (std::size_t page = 0; page < pages.count(); page += 2)
        pages.store(page);
    REQUIRE(ww_reset(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    const long unchanged = calls_of_collect_many(pages.tracker(), ranges, WW_UNCHANGED);
    CHECK(unchanged <= 2);
    CHECK(calls_of_collect_many(pages.tracker(), ranges, 0) > 2 * unchanged);
}
