// SPDX-License-Identifier: MIT
// A host that uses all of the tracker, and holds it to its rules: what a call
// that fails says, that it can be repeated, and that no write is lost.
#pragma once

#include "failures.h"
#include "host.h"
#include "pages.h"
#include "writewatch/pagemap_scan.h"

#include <cerrno>
#include <set>

// A call of the tracker. Gives what it gives; its errno must stay.
template<class Body>
auto api(Body body) {
    errno = 4242;
    const auto result = [&] {
        const failing::Inside inside;
        return body();
    }();
    CHECK(errno == 4242);
    return result;
}

// A call that can be repeated: fails only if a system call failed, and then
// once.
template<class Body>
void repeatable(Body body) {
    const auto first = api(body);
    if (first >= 0)
        return;
    CAPTURE(first);
    CHECK(failing::happened());
    CHECK(api(body) >= 0);
}

// Watched pages and what is owed to their owner.
class Account {
public:
    // The first page begins a block that could be a huge page, the others do not.
    Account(std::size_t count, ww_backend backend)
        : pages_(count, std::size_t{2} << 20), backend_(backend) {}

    const Pages& pages() const { return pages_; }
    void create();
    void watch(std::size_t first, std::size_t count, unsigned flags);
    void unwatch(std::size_t first, std::size_t count);
    void destroy();
    ww_tracker* tracker() const { return tracker_; }

    void store(std::size_t page);
    // Maps other memory over pages, without a word; what they owed is gone.
    void map_over(std::size_t first, std::size_t count);
    void map_shared_over(std::size_t first, std::size_t count);

    // With reset, all of it: everything owed is reported, nothing else unless
    // something failed.
    void collect(std::size_t first, std::size_t count);
    // The same, and nothing may have been too much.
    void collect_exactly(std::size_t first, std::size_t count);
    void forgive() { superset_ = true; }

private:
    PageSet collect_once(std::size_t first, std::size_t count);
    std::uint64_t trouble() const;

    Pages pages_;
    ww_backend backend_;
    ww_tracker* tracker_ = nullptr;
    PageSet owed_;
    bool superset_ = false;
};

// Everything once that the back end serves. Checks go to doctest.
void run_scenario(ww_backend backend);
