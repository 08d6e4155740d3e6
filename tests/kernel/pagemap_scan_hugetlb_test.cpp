// SPDX-License-Identifier: MIT
// Both requests on hugetlb memory. Holes are touched on purpose: no request may
// reach the kernel that would protect one, for which unfixed kernels hang.
#include "huge_pool.h"
#include "registered.h"

namespace {

constexpr std::size_t kHuge = 4; // huge pages of a test's memory

class HugePages : public Pages {
public:
    HugePages(int sharing) : Pages(kHuge * kHugeBytes / kPage, kHugeBytes) {
        mapped_ = ::mmap(at(0), bytes(), PROT_READ | PROT_WRITE,
                         sharing | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0) != MAP_FAILED;
        if (mapped_)
            registration_.add(at(0), bytes());
    }
    // By number of the huge page.
    static PageSet huge(std::initializer_list<std::size_t> numbers) {
        PageSet pages;
        for (const std::size_t number : numbers)
            pages.merge(pages_between(number * kEach, (number + 1) * kEach));
        return pages;
    }
    void store_huge(std::size_t number) const { store(number * kEach + 17); }
    bool mapped() const { return mapped_; }

    static constexpr std::size_t kEach = kHugeBytes / 4096;

private:
    Registration registration_;
    bool mapped_ = false;
};

// Runs the body on private and on shared memory, or says why not.
template<class Body>
void on_huge_pages(Body body) {
    const HugePool pool{kHuge};
    for (const int sharing : {MAP_PRIVATE, MAP_SHARED}) {
        const HugePages pages{sharing};
        if (!pool.enough() || !pages.mapped()) {
            MESSAGE("skipped: no hugetlb pages, and no right to reserve any");
            return;
        }
        CAPTURE(sharing);
        body(pages);
    }
}

} // namespace

TEST_CASE("hugetlb: get, get and clear, and clear work on whole huge pages, holes stay out") {
    on_huge_pages([](const HugePages& pages) {
        CHECK(v7_get(pages).empty());
        pages.store_huge(1);
        pages.store_huge(3);
        CHECK(v7_get(pages) == HugePages::huge({1, 3}));
        CHECK(today_get(pages) == HugePages::huge({1, 3}));
        CHECK(v7_get_and_clear(pages) == HugePages::huge({1, 3}));
        CHECK(v7_get(pages).empty());
        pages.store_huge(3);
        pages.store_huge(0);
        CHECK(today_get_and_clear(pages) == HugePages::huge({0, 3}));
        CHECK(today_get(pages).empty());
        pages.store_huge(2);
        pages.store_huge(3);
        CHECK(v7_clear(pages) == 0);
        CHECK(v7_get(pages).empty());
        pages.store_huge(2);
        CHECK(v7_get(pages) == HugePages::huge({2}));
    });
}

TEST_CASE("hugetlb: a huge page that is reported in part stays written") {
    on_huge_pages([](const HugePages& pages) {
        for (std::size_t number = 0; number < kHuge; ++number)
            pages.store_huge(number);
        ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, WW_V7_PAGEMAP_WP_ENGAGE);
        arg.max_pages = HugePages::kEach + 3;
        CHECK(v7_scan(pages, arg) == pages_between(0, HugePages::kEach + 3));
        CHECK(v7_get(pages) == HugePages::huge({1, 2, 3}));
        arg.max_pages = 0;
        arg.start += 2 * kHugeBytes - kPage;
        arg.len = kHugeBytes + 2 * kPage;
        CHECK(v7_scan(pages, arg) ==
              pages_between(2 * HugePages::kEach - 1, 3 * HugePages::kEach + 1));
        CHECK(v7_get(pages) == HugePages::huge({1, 3}));
    });
}

TEST_CASE("hugetlb: a vec of one region goes on where it ended") {
    on_huge_pages([](const HugePages& pages) {
        pages.store_huge(0);
        pages.store_huge(2);
        ww_page_region out{};
        ww_pm_scan_arg arg = today_request(pages, {&out, 1}, WW_PM_SCAN_WP_MATCHING);
        PageSet found;
        while (ww_pagemap_scan(0, &arg) == 1) {
            found.merge(pages_of(pages, std::span{&out, 1}));
            arg.start = arg.walk_end;
        }
        CHECK(arg.walk_end == arg.end);
        CHECK(found == HugePages::huge({0, 2}));
        CHECK(today_get(pages).empty());
    });
}

TEST_CASE("hugetlb: masks hold, and what they reject stays written") {
    on_huge_pages([](const HugePages& pages) {
        pages.store_huge(1);
        ww_v7_pagemap_scan_arg arg = v7_request(pages, {}, WW_V7_PAGEMAP_WP_ENGAGE);
        arg.excluded_mask = WW_V7_PAGE_IS_FILE;
        CHECK(v7_scan(pages, arg).empty());
        arg.excluded_mask = WW_V7_PAGE_IS_SWAPPED;
        CHECK(v7_scan(pages, arg) == HugePages::huge({1}));
        CHECK(v7_get(pages).empty());
    });
}
