// SPDX-License-Identifier: MIT
#include "modes.h"
#include "region.h"
#include "report.h"
#include "stopwatch.h"

#include <atomic>
#include <cstdint>
#include <deque>

namespace {

constexpr size_t first_write_pages = 8192;
constexpr int first_write_rounds = 9;
constexpr double threads_seconds = 1.0;

double first_writes_ns(const Region& region) {
    reset(region);
    const Stopwatch stopwatch;
    region.store_all();
    return stopwatch.nanoseconds() / static_cast<double>(region.pages());
}

// A thread that stores at random pages until told to stop. It takes its own
// time, so that a late start costs nothing.
struct Writer {
    const Region& region;
    const std::atomic<bool>& stop;
    uint32_t random;
    HANDLE thread = nullptr;
    double nanoseconds = 0;
    double stores = 0;

    void run() {
        const Stopwatch stopwatch;
        uint64_t count = 0;
        for (; !stop.load(std::memory_order_relaxed); ++count)
            region.store({next_page()});
        nanoseconds = stopwatch.nanoseconds();
        stores = static_cast<double>(count);
    }

    // xorshift32: cheap beside the store it places.
    size_t next_page() {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        return random % region.pages();
    }
};

DWORD WINAPI run_writer(void* writer) {
    static_cast<Writer*>(writer)->run();
    return 0;
}

void start(Writer& writer) {
    writer.thread = CreateThread(nullptr, 0, run_writer, &writer, 0, nullptr);
    must(writer.thread != nullptr, "CreateThread");
}

void join(Writer& writer) {
    WaitForSingleObject(writer.thread, INFINITE);
    CloseHandle(writer.thread);
}

double timed_query_us(const Region& region, std::vector<void*>& addresses) {
    ULONG_PTR count = addresses.size();
    DWORD granularity;
    const Stopwatch stopwatch;
    must(GetWriteWatch(WRITE_WATCH_FLAG_RESET, region.base(), region.pages() * page_bytes,
                       addresses.data(), &count, &granularity) == 0,
         "GetWriteWatch");
    return stopwatch.microseconds();
}

// Average microseconds of a query.
double query_for_a_while(const Region& region, size_t delay_ms) {
    std::vector<void*> addresses(region.pages());
    double total_us = 0;
    int queries = 0;
    const Stopwatch whole;
    do {
        Sleep(static_cast<DWORD>(delay_ms));
        total_us += timed_query_us(region, addresses);
        ++queries;
    } while (whole.seconds() < threads_seconds);
    return total_us / queries;
}

} // namespace

void run_first_write() {
    const Region region(first_write_pages);
    must(region.base() != nullptr, "VirtualAlloc(MEM_WRITE_WATCH)");
    region.store_all();
    std::vector<double> rounds;
    for (int round = 0; round < first_write_rounds; ++round)
        rounds.push_back(first_writes_ns(region));
    report_measure("first-write.ns", median(rounds));
}

void run_threads(size_t threads, size_t pages, size_t delay_ms) {
    const Region region(pages);
    must(region.base() != nullptr, "VirtualAlloc(MEM_WRITE_WATCH)");
    region.store_all();
    // Or the first milliseconds, of nothing but cheap stores, would be most of them.
    reset(region);

    std::atomic<bool> stop = false;
    std::deque<Writer> writers; // never moves them: threads hold their addresses
    for (size_t i = 0; i < threads; ++i)
        start(writers.emplace_back(region, stop, static_cast<uint32_t>(2463534242u + i)));
    const double query_us = query_for_a_while(region, delay_ms);
    stop = true;

    double nanoseconds = 0;
    double stores = 0;
    for (Writer& writer : writers) {
        join(writer);
        nanoseconds += writer.nanoseconds;
        stores += writer.stores;
    }
    const std::string key = "threads-" + std::to_string(threads);
    report_measure(key + ".store-ns", nanoseconds / stores);
    report_measure(key + ".query-us", query_us);
}

void run_store_once(size_t pages) {
    const Region region(pages);
    must(region.base() != nullptr, "VirtualAlloc(MEM_WRITE_WATCH)");
    region.store_all();
    const Answer answer = query(region, 0, pages);
    report_scenario("every page of " + std::to_string(pages), std::to_string(pages) + " pages",
                    std::to_string(answer.addresses.size()) + " pages");
}
