// SPDX-License-Identifier: MIT
#include "verify.h"

#include "caller_memory.h"
#include "log.h"

#include <writewatch/pagemap_scan.h>
#include <writewatch/wine.h>

#include <algorithm>
#include <optional>

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ww::wine {

constinit Verifier verifier;

namespace {

// An entry is the hash of a page, an even number; a ticket, an odd one, where
// nobody knows what the page should hold; or this.
constexpr std::uint64_t kZeros = 0;

constexpr std::size_t kPages = std::size_t{1} << (sizeof(void*) == 8 ? 47 - 12 : 32 - 12);

std::uint64_t even_hash(const void* page) noexcept {
    return XXH3_64bits(page, kGranularity) & ~std::uint64_t{1};
}

// Nothing where the program cannot read it, either.
std::optional<std::uint64_t> hash_of(ULONG_PTR page) noexcept {
    alignas(64) unsigned char copy[kGranularity];
    const iovec into{copy, sizeof(copy)};
    const iovec from{reinterpret_cast<void*>(page), sizeof(copy)};
    if (::process_vm_readv(::getpid(), &into, 1, &from, 1, 0) !=
        static_cast<ssize_t>(sizeof(copy)))
        return std::nullopt;
    const bool zeros = std::all_of(copy, copy + sizeof(copy), [](auto byte) { return byte == 0; });
    return zeros ? kZeros : even_hash(copy);
}

// Pages that were never touched read as zeros, and are not to be touched.
template<class Visit>
void for_each_populated(PageRange range, Visit visit) noexcept {
    ww_page_region regions[16];
    ww_pm_scan_arg arg{};
    arg.size = sizeof(arg);
    arg.end = range.end();
    arg.vec = reinterpret_cast<std::uintptr_t>(regions);
    arg.vec_len = std::size(regions);
    arg.category_anyof_mask = WW_PAGE_IS_PRESENT | WW_PAGE_IS_SWAPPED;
    arg.return_mask = WW_PAGE_IS_WPALLOWED;
    for (arg.start = range.start; arg.start < arg.end;) {
        const std::ptrdiff_t found = ww_pagemap_scan(0, &arg);
        for (std::ptrdiff_t i = 0; i < found; ++i) {
            for (std::uint64_t page = regions[i].start; page < regions[i].end; page += kGranularity)
                visit(static_cast<ULONG_PTR>(page));
        }
        if (found < static_cast<std::ptrdiff_t>(std::size(regions)))
            return;
        arg.start = regions[found - 1].end;
    }
}

bool is_written(ULONG_PTR page) noexcept {
    void* found;
    ww_wine_count count = 1;
    ww_wine_ulong granularity;
    return ww_wine_get_write_watch(0, reinterpret_cast<void*>(page), kGranularity, &found, &count,
                                   &granularity) != 0 ||
           count != 0;
}

} // namespace

bool Verifier::start() noexcept {
    void* const memory = ::mmap(nullptr, kPages * sizeof(Hash), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    hashes_ = static_cast<std::atomic<Hash>*>(memory);
    return true;
}

// As much of the table as there are pages for at once: a watch may be of 256 GiB.
void Verifier::cleared(PageRange range) noexcept {
    if (!active())
        return;
    const auto first = reinterpret_cast<ULONG_PTR>(&hash_at(range.start));
    const auto end = reinterpret_cast<ULONG_PTR>(&hash_at(range.end()));
    const ULONG_PTR whole = (first + kGranularity - 1) & ~(kGranularity - 1);
    const ULONG_PTR whole_end = end & ~(kGranularity - 1);
    const auto zero = [](ULONG_PTR from, ULONG_PTR to) noexcept {
        for (; from < to; from += sizeof(Hash))
            reinterpret_cast<std::atomic<Hash>*>(from)->store(kZeros);
    };
    zero(first, std::min(whole, end));
    if (whole < whole_end)
        ::madvise(reinterpret_cast<void*>(whole), whole_end - whole, MADV_DONTNEED);
    zero(std::max(whole, whole_end), end);
}

NTSTATUS Verifier::query(ULONG flags, void* base, SIZE_T size, void** addresses, ULONG_PTR* count,
                         ULONG* granularity) noexcept {
    const PageRange range = PageRange::around(base, size);
    const SIZE_T capacity = count != nullptr ? std::min(read_once(count), range.page_count()) : 0;
    // A fault would leave a query that never ended.
    if (capacity != 0 && granularity != nullptr && addresses != nullptr && flags <= 1)
        ensure_writable(addresses, capacity * sizeof(*addresses));
    const std::uint64_t begun = begun_.fetch_add(1);
    const auto status = static_cast<NTSTATUS>(
        ww_wine_get_write_watch(flags, base, size, addresses, count, granularity));
    if (status == STATUS_SUCCESS) {
        const SIZE_T found = std::min(read_once(count), capacity);
        PageRange answered = range;
        if (found == capacity) // the rest may hold more
            answered.bytes =
                reinterpret_cast<ULONG_PTR>(addresses[found - 1]) + kGranularity - range.start;
        check({answered, addresses, found, (flags & WRITE_WATCH_FLAG_RESET) != 0}, begun);
    }
    ended_.fetch_add(1);
    return status;
}

NTSTATUS Verifier::reset(void* base, SIZE_T size) noexcept {
    begun_.fetch_add(1);
    const auto status = static_cast<NTSTATUS>(ww_wine_reset_write_watch(base, size));
    if (status == STATUS_SUCCESS)
        for_each_populated(PageRange::around(base, size),
                           [this](ULONG_PTR page) noexcept { record(page); });
    ended_.fetch_add(1);
    return status;
}

void Verifier::check(const Answer& answer, std::uint64_t begun) noexcept {
    SIZE_T next = 0;
    for_each_populated(answer.range, [&](ULONG_PTR page) noexcept {
        while (next < answer.count && reinterpret_cast<ULONG_PTR>(answer.reported[next]) < page)
            ++next;
        const bool reported = next < answer.count &&
                              reinterpret_cast<ULONG_PTR>(answer.reported[next]) == page;
        if (!reported)
            check_clean(page, begun);
        else if (answer.with_reset)
            record(page);
    });
}

// A page that was written after the answer is no mistake: then it is written
// now. Nor is one that another query reported meanwhile.
void Verifier::check_clean(ULONG_PTR page, std::uint64_t begun) noexcept {
    Hash expected = hash_at(page).load();
    if ((expected & 1) != 0)
        return record(page);
    const std::optional<Hash> hash = hash_of(page);
    if (!hash || *hash == expected || is_written(page) || !alone_since(begun))
        return;
    // Once: from now on it should hold what it holds.
    if (hash_at(page).compare_exchange_strong(expected, *hash))
        log_line({"verify: page ", Hex(page).text(), " changed without being reported"});
}

// What the page holds now, or may be about to hold: a write that is seen half
// makes the page written again, and it will be reported before it is compared.
// Of two threads that record at once the one that began last is right.
void Verifier::record(ULONG_PTR page) noexcept {
    Hash ticket = tickets_.fetch_add(1) << 1 | 1;
    hash_at(page).store(ticket);
    if (const std::optional<Hash> hash = hash_of(page))
        hash_at(page).compare_exchange_strong(ticket, *hash);
}

bool Verifier::alone_since(std::uint64_t begun) const noexcept {
    return begun_.load() == begun + 1 && ended_.load() == begun;
}

} // namespace ww::wine
