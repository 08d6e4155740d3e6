// SPDX-License-Identifier: MIT
#include "scenario.h"

#include "kernel/capabilities.h"
#include "registered.h"
#include "writewatch/generations.h"

#include <array>
#include <sys/syscall.h>
#include <vector>

void Account::create() {
    repeatable([&] { return ww_tracker_create_with(&tracker_, backend_); });
}

void Account::destroy() {
    api([&] {
        ww_tracker_destroy(tracker_);
        return 0;
    });
    pages_.store_all(); // all memory is the program's own again
}

void Account::watch(std::size_t first, std::size_t count, unsigned flags) {
    repeatable([&] {
        const int result = ww_watch(tracker_, pages_.at(first), count * kPage, flags);
        if (result < 0) // nothing of it is watched
            CHECK(ww_find(tracker_, pages_.at(first), kPage, nullptr) == 0);
        return result;
    });
}

// What fails may have ended the watch all the same: the answer to a repetition.
void Account::unwatch(std::size_t first, std::size_t count) {
    repeatable([&] { return ww_unwatch(tracker_, pages_.at(first), count * kPage); });
    CHECK(ww_find(tracker_, pages_.at(first), kPage, nullptr) == 0);
    for (std::size_t page = first; page < first + count; ++page)
        owed_.erase(page);
    pages_.store(first + count - 1); // is the program's own again
}

void Account::store(std::size_t page) {
    pages_.store(page);
    owed_.insert(page);
}

void Account::map_over(std::size_t first, std::size_t count) {
    REQUIRE(::mmap(pages_.at(first), count * kPage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    for (std::size_t page = first; page < first + count; ++page)
        owed_.erase(page);
}

void Account::map_shared_over(std::size_t first, std::size_t count) {
    map_shared(pages_, first, count);
    for (std::size_t page = first; page < first + count; ++page)
        owed_.erase(page);
}

// What the tracker admits to have gone wrong.
std::uint64_t Account::trouble() const {
    ww_counters counters;
    ww_tracker_counters(tracker_, &counters, sizeof counters);
    return counters.repairs + counters.reopened;
}

PageSet Account::collect_once(std::size_t first, std::size_t count) {
    PageSet found;
    void* next = pages_.at(first);
    while (next != pages_.at(first + count)) {
        const auto bytes =
            static_cast<std::size_t>(pages_.at(first + count) - static_cast<char*>(next));
        std::array<void*, 16> out{};
        void* resume = nullptr;
        const std::ptrdiff_t got = api([&] {
            return ww_collect_pages(tracker_, next, bytes, WW_RESET, out.data(), out.size(),
                                    &resume);
        });
        if (got < 0) {
            CAPTURE(got);
            REQUIRE(failing::happened());
            CHECK(resume == nullptr); // outputs are untouched
            CHECK(out[0] == nullptr);
            superset_ = true;
            continue;
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
            const auto page = static_cast<std::size_t>(static_cast<char*>(out[i]) - pages_.at(0));
            found.insert(page / kPage);
        }
        REQUIRE((resume > next || got == 0 || resume == next));
        next = resume;
    }
    return found;
}

void Account::collect(std::size_t first, std::size_t count) {
    const std::uint64_t before = trouble();
    const PageSet found = collect_once(first, count);
    for (const std::size_t page : found) {
        CAPTURE(page);
        const bool owed = owed_.erase(page) > 0;
        CHECK((owed || superset_ || failing::happened() || trouble() > before));
    }
    for (std::size_t page = first; page < first + count; ++page) {
        CAPTURE(page);
        CHECK_FALSE(owed_.contains(page)); // no write is ever lost
    }
}

void Account::collect_exactly(std::size_t first, std::size_t count) {
    PageSet owed;
    for (std::size_t page = first; page < first + count; ++page) {
        if (owed_.erase(page) > 0)
            owed.insert(page);
    }
    CHECK(collect_once(first, count) == owed);
}

namespace {

void probe() {
    using ww::kernel::Missing;
    repeatable([] {
        const ww::kernel::KeepErrno keep; // its callers' business
        const ww::kernel::Verdict verdict = ww::kernel::probe_pagemap_scan();
        char words[WW_REASON_BYTES] = {};
        ww::kernel::describe(verdict, words);
        CHECK((words[0] == '\0') == (verdict.missing == Missing::nothing));
        return verdict.missing == Missing::nothing ? 0 : -1;
    });
}

void ordinary_use(Account& host) {
    host.pages().store(3); // populated before it is watched
    host.watch(0, 48, 0);
    host.watch(48, 16, WW_WATCH_ANONYMOUS);
    host.store(1);
    host.store(2);
    host.store(50);
    host.collect(0, 48);
    for (std::size_t page = 4; page < 44; page += 2)
        host.store(page);
    host.collect(0, 48);
    host.collect(48, 16);
}

void untold_changes(Account& host) {
    host.store(1);
    host.map_over(8, 4);
    host.store(9);
    host.store(30);
    host.collect(0, 48);
    host.map_shared_over(20, 2);
    host.store(20);
    host.store(5);
    host.collect(0, 48);
    host.map_over(20, 2);
    host.collect(0, 48);
    host.map_over(12, 2);
    host.store(12);
    repeatable([&] { return ww_remapped(host.tracker(), host.pages().at(12), 2 * kPage); });
    host.collect(0, 48);
}

void generations(Account& host) {
    ww_generations* made = nullptr;
    const Pages& pages = host.pages();
    repeatable(
        [&] { return ww_generations_create(host.tracker(), pages.at(48), 16 * kPage, &made); });
    std::uint64_t mark = 0;
    repeatable([&] { return ww_generations_advance(made, pages.at(48), 16 * kPage, &mark); });
    pages.store(49);
    std::uint64_t next = 0;
    repeatable([&] { return ww_generations_advance(made, pages.at(48), 16 * kPage, &next); });
    CHECK(ww_any_written_since(made, pages.at(49), kPage, mark) == 1);
    api([&] {
        ww_generations_destroy(made);
        return 0;
    });
}

void lost_descriptors(Account& host, const std::set<int>& not_ours) {
    host.store(2);
    for (const int fd : open_descriptors()) {
        if (!not_ours.contains(fd))
            ::close(fd);
    }
    host.store(7);
    host.collect(0, 48);
}

void ends(Account& host) {
    host.store(40);
    host.unwatch(44, 4);
    repeatable([&] { return ww_forget(host.tracker(), host.pages().at(48), 16 * kPage); });
    host.watch(44, 4, WW_WATCH_KEEP);
    host.collect(0, 44);
}

// Shared memory, in a watch of its own.
void shared_memory(Account& host) {
    const Pages pages{8};
    map_shared(pages, 0, 8);
    repeatable([&] { return ww_watch(host.tracker(), pages.at(0), pages.bytes(), 0); });
    pages.store(3);
    std::uint64_t word = 0;
    repeatable([&] {
        return ww_collect_bitmap(host.tracker(), pages.at(0), pages.bytes(), WW_RESET, &word, 1,
                                 nullptr);
    });
    CHECK((word & 8) != 0);
    repeatable([&] { return ww_unwatch(host.tracker(), pages.at(0), pages.bytes()); });
}

std::ptrdiff_t ask_as_in_2023(const Pages& pages, std::size_t count) {
    std::array<ww_v7_page_region, 8> regions{};
    ww_v7_pagemap_scan_arg arg = v7_request(pages, regions, 0);
    arg.len = count * kPage;
    return ww_v7_pagemap_scan(0, &arg);
}

void other_processes(const Pages& pages) {
    std::array<ww_page_region, 8> out{};
    repeatable([&] {
        ww_pm_scan_arg arg{};
        arg.size = sizeof arg;
        arg.start = reinterpret_cast<std::uintptr_t>(pages.at(0));
        arg.end = arg.start + 44 * kPage;
        arg.vec = reinterpret_cast<std::uintptr_t>(out.data());
        arg.vec_len = out.size();
        arg.category_mask = WW_PAGE_IS_PRESENT;
        arg.return_mask = WW_PAGE_IS_PRESENT;
        return ww_pagemap_scan(0, &arg);
    });
    repeatable([&] { return ask_as_in_2023(pages, 44); });
    // Shared memory: whether it could be tracked depends on its file system.
    const Pages shared{4};
    map_shared(shared, 0, 4);
    repeatable([&] { return ask_as_in_2023(shared, 4); });
}

} // namespace

void run_scenario(ww_backend backend) {
    const bool by_kernel = backend == WW_BACKEND_PAGEMAP_SCAN;
    const std::set<int> before = open_descriptors();
    if (by_kernel)
        probe();
    Account host{64, backend};
    host.create();
    ordinary_use(host);
    untold_changes(host);
    generations(host);
    shared_memory(host);
    lost_descriptors(host, before);
    ends(host);
    if (by_kernel)
        other_processes(host.pages());
    // Whatever failed, all is exact again after one whole collect.
    host.forgive();
    host.collect(0, 44);
    host.collect_exactly(0, 44);
    host.store(11);
    host.store(43);
    host.collect_exactly(0, 44);
    host.destroy();
    // What cannot be told from the host's own is left open rather than closed.
    std::set<int> left = open_descriptors();
    for (const int fd : before)
        left.erase(fd);
    CHECK(left.size() <= failing::happened_in("syscall", SYS_statx));
    for (const int fd : left)
        ::close(fd);
    CHECK(open_descriptors() == before);
}
