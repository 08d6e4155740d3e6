// SPDX-License-Identifier: MIT
// The mprotect back end while a handler of SIGSEGV and a collector come between
// each other. The kernel's part is played here: two pages of a mapping, whose
// protections are one word; at the limit of mappings neither page can have one
// that the other has not.
#include "stepped.h"
// Second, so that its atomics are those.
#include "mprotect.h"

#include "kernel/process.h"
#include "kernel/protection.h"
#include "kernel/write_faults.h"

#include <doctest/doctest.h>

using model::Memory;
using model::Objects;
using model::Scheduler;
using ww::Mprotect;
using ww::Range;
using ww::Step;
using ww::Watched;

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 2;
constexpr Range kMemory{0x10000000, 0x10000000 + kPages* kPage};

constexpr std::uintptr_t address_of(std::size_t page) {
    return kMemory.start + page * kPage;
}
constexpr unsigned bits_of(Range range) {
    unsigned bits = 0;
    for (std::size_t page = 0; page < kPages; ++page)
        bits |= range.contains(address_of(page)) ? 1U << page : 0;
    return bits;
}

std::atomic<unsigned> g_open{0}; // pages that may be written to
bool g_at_limit = false;
ww::kernel::ServeFault g_serve = nullptr;

struct Run {
    Range range;
    ww::kernel::Access access;
};
// The run of pages with one protection that an address is in, or that comes next.
Run run_at(std::uintptr_t address, unsigned open) {
    Range run{std::max(address & ~(kPage - 1), kMemory.start), 0};
    const auto is_open = [&](std::uintptr_t page) {
        return (open & bits_of({page, page + kPage})) != 0;
    };
    const bool write = is_open(run.start);
    while (run.start > kMemory.start && is_open(run.start - kPage) == write)
        run.start -= kPage;
    for (run.end = run.start; run.end < kMemory.end && is_open(run.end) == write;)
        run.end += kPage;
    return {run, {true, write, false}};
}

} // namespace

// ---- The kernel's part ----------------------------------------------------------

namespace ww::kernel {

Error protect(Range range, Access access) noexcept {
    const unsigned bits = bits_of(range);
    unsigned open = g_open.load();
    do {
        if (g_at_limit && range != kMemory && range != run_at(range.start, open).range)
            return Error::no_memory;
    } while (!g_open.compare_exchange_weak(open, access.write ? open | bits : open & ~bits));
    return Error::none;
}
bool is_readable(std::uintptr_t) noexcept {
    return true;
}
bool is_writable(std::uintptr_t address) noexcept {
    return (g_open.load() & bits_of({address, address + kPage})) != 0;
}
Range mapping_at(std::uintptr_t address) noexcept {
    return kMemory.contains(address) ? run_at(address, g_open.load()).range : Range{};
}

Result<Process> Process::open(int) noexcept {
    return Process{};
}
Mappings::Mappings(const Process&, std::uintptr_t from) noexcept : from_(from) {}
const ProcessMapping* Mappings::next() noexcept {
    if (from_ >= kMemory.end)
        return nullptr;
    const Run found = run_at(from_, g_open.load());
    mapping_.range = found.range;
    mapping_.access = found.access;
    from_ = found.range.end;
    return &mapping_;
}

PopulatedPages::PopulatedPages() noexcept = default;
Range PopulatedPages::first_run(Range range) noexcept {
    return range;
}

Error catch_write_faults(ServeFault serve) noexcept {
    g_serve = serve;
    return Error::none;
}
bool catches_write_faults() noexcept {
    return true;
}

} // namespace ww::kernel

// ---- The program's --------------------------------------------------------------

namespace {

// How often each page was stored to, and how much of that collectors have copied.
struct Stores {
    std::array<int, kPages> done{};
    std::array<int, kPages> copied{};
    bool ended = false;  // a fault was not served
    bool missed = false; // a collect that began behind a store has not reported it
};
Stores g_stores;
Mprotect* g_backend = nullptr;

void store(std::size_t page) {
    while ((g_open.load() >> page & 1) == 0) {
        if (!g_serve(address_of(page), true)) {
            g_stores.ended = true;
            return;
        }
    }
    ++g_stores.done[page]; // in the same step as the look at the protection
}

void store_if_open(std::size_t page) {
    if ((g_open.load() >> page & 1) != 0)
        ++g_stores.done[page];
}

void collect(bool look) {
    std::array<ww::kernel::Region, kPages> scratch{};
    const Watched watched{kMemory};
    const std::array<int, kPages> before = g_stores.done;
    if (look)
        static_cast<void>(g_backend->look(watched));
    const Step step = g_backend->collect(watched, true, {kPages, kPages}, scratch);
    for (const ww::kernel::Region& region : step.written) {
        for (std::size_t page = 0; page < kPages; ++page) {
            if (region.start <= address_of(page) && address_of(page) < region.end)
                g_stores.copied[page] = g_stores.done[page];
        }
    }
    for (std::size_t page = 0; page < kPages; ++page)
        g_stores.missed = g_stores.missed || g_stores.copied[page] < before[page];
}

// All pages were written and reset once: what there is to know of them is known.
void begin() {
    if (g_backend == nullptr)
        g_backend = *Mprotect::acquire();
    g_at_limit = false;
    g_open.store(3);
    static_cast<void>(g_backend->watch({kMemory}));
    static_cast<void>(g_backend->arm_ahead({kMemory}));
    g_stores = {};
    for (std::size_t page = 0; page < kPages; ++page)
        store(page);
    collect(true);
    REQUIRE(g_open.load() == 0);
    REQUIRE(g_stores.copied == g_stores.done);
}

void end() {
    g_at_limit = false;
    static_cast<void>(g_backend->unwatch({kMemory}));
    REQUIRE(g_open.load() == 3);
}

// No store is lost, and none ends the program. Behind the last step of an order
// both pages are stored to once more: what is open has to be found so. Where all
// pages can be opened and closed alone each of them has a word that says it.
void in_every_order(bool at_limit, const std::vector<Scheduler::Body>& threads) {
    long lost = 0;
    long ended = 0;
    long missed = 0;
    long repaired = 0;
    std::uint64_t repairs = 0;
    const std::size_t executions = Scheduler::explore(
        Memory::sequential,
        [&] {
            begin();
            repairs = g_backend->repairs();
            g_at_limit = at_limit;
            return threads;
        },
        [&] {
            g_at_limit = false;
            for (std::size_t page = 0; page < kPages; ++page)
                store(page);
            collect(true);
            lost += g_stores.copied != g_stores.done;
            ended += g_stores.ended;
            missed += g_stores.missed;
            repaired += g_backend->repairs() != repairs;
            end();
        },
        Objects::kept);
    CHECK(executions > 100);
    CHECK(lost == 0);
    CHECK(ended == 0);
    CHECK(missed == 0);
    CHECK((repaired > 0) == at_limit);
}

} // namespace

TEST_CASE("mprotect: a store comes between the steps of a reset, and is in one answer") {
    in_every_order(false, {[] {
                               store(0);
                               store(0);
                           },
                           [] { collect(false); }});
}

TEST_CASE("mprotect: one store is being served while another finds the page open, and resets") {
    in_every_order(false, {[] { store(0); }, [] { store_if_open(0); }, [] { collect(false); }});
}

TEST_CASE("mprotect: a whole mapping is opened or closed while a store is about to be served") {
    in_every_order(true, {[] { store(0); }, [] { collect(true); }});
}
