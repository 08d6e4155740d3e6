// SPDX-License-Identifier: MIT
// What the calls cost that programs make all the time, one line each: its name
// and nanoseconds. Under stock Wine and under the plugin by turns (compare).
#include <windows.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <x86intrin.h>

namespace {

constexpr size_t page_bytes = 4096;
constexpr DWORD fresh = MEM_RESERVE | MEM_COMMIT;

void must(bool good, const char* what) {
    if (good)
        return;
    std::fprintf(stderr, "calls: %s: error %lu\n", what, GetLastError());
    std::exit(1);
}

double ticks_per_ns() {
    LARGE_INTEGER frequency, start, now;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&start);
    const uint64_t ticks = __rdtsc();
    do
        QueryPerformanceCounter(&now);
    while (now.QuadPart - start.QuadPart < frequency.QuadPart / 20);
    const double ns = static_cast<double>(now.QuadPart - start.QuadPart) * 1e9 /
                      static_cast<double>(frequency.QuadPart);
    return static_cast<double>(__rdtsc() - ticks) / ns;
}

double at_quantile(std::vector<double>& values, double quantile) {
    const auto place = static_cast<size_t>(quantile * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(place), values.end());
    return values[place];
}

// The median over short batches: whatever else the machine does hits few.
template<class Call>
double median_ns(double per_ns, Call call) {
    constexpr int batches = 600;
    constexpr int calls = 32;
    std::vector<double> batch_ns;
    for (int batch = 0; batch < batches; ++batch) {
        const uint64_t start = __rdtsc();
        for (int i = 0; i < calls; ++i)
            call();
        batch_ns.push_back(static_cast<double>(__rdtsc() - start) / per_ns / calls);
    }
    return at_quantile(batch_ns, 0.5);
}

void allocate_and_free(DWORD type) {
    void* const memory = VirtualAlloc(nullptr, 16 * page_bytes, type, PAGE_READWRITE);
    must(memory != nullptr && VirtualFree(memory, 0, MEM_RELEASE), "VirtualAlloc and VirtualFree");
}

// Watched memory whose pages were all written and reset.
char* clean_memory(size_t pages) {
    char* const memory = static_cast<char*>(
        VirtualAlloc(nullptr, pages * page_bytes, fresh | MEM_WRITE_WATCH, PAGE_READWRITE));
    must(memory != nullptr, "VirtualAlloc(MEM_WRITE_WATCH)");
    for (size_t page = 0; page < pages; ++page)
        memory[page * page_bytes] = 1;
    must(ResetWriteWatch(memory, pages * page_bytes) == 0, "ResetWriteWatch");
    return memory;
}

void query_with_reset(char* memory, std::vector<void*>& found) {
    ULONG_PTR count = found.size();
    DWORD granularity;
    must(GetWriteWatch(WRITE_WATCH_FLAG_RESET, memory, found.size() * page_bytes, found.data(),
                       &count, &granularity) == 0 &&
             count == 0,
         "GetWriteWatch of clean pages");
}

struct Querier {
    char* memory;
    std::vector<void*> found;
    volatile LONG stop = 0;
};

DWORD WINAPI query_in_a_loop(void* argument) {
    Querier& self = *static_cast<Querier*>(argument);
    while (!self.stop)
        query_with_reset(self.memory, self.found);
    return 0;
}

// Of allocations at fixed times: back to back, the many that meet no query would
// hide those that wait for one.
double allocation_p99_ns(double per_ns, size_t pages, DWORD milliseconds) {
    Querier querier{clean_memory(pages), std::vector<void*>(pages)};
    const HANDLE thread = CreateThread(nullptr, 0, query_in_a_loop, &querier, 0, nullptr);
    Sleep(20);
    std::vector<double> single_ns;
    for (const ULONGLONG end = GetTickCount64() + milliseconds; GetTickCount64() < end;) {
        const uint64_t start = __rdtsc();
        void* const memory = VirtualAlloc(nullptr, page_bytes, fresh, PAGE_READWRITE);
        single_ns.push_back(static_cast<double>(__rdtsc() - start) / per_ns);
        VirtualFree(memory, 0, MEM_RELEASE);
        while (static_cast<double>(__rdtsc() - start) / per_ns < 100'000) {
        }
    }
    querier.stop = 1;
    WaitForSingleObject(thread, INFINITE);
    VirtualFree(querier.memory, 0, MEM_RELEASE);
    return at_quantile(single_ns, 0.99);
}

void print(const char* name, double ns) {
    std::printf("%s\t%.1f\n", name, ns);
}

} // namespace

int main() {
    const double per_ns = ticks_per_ns();
    print("unwatched pair", median_ns(per_ns, [] { allocate_and_free(fresh); }));
    char* const one = clean_memory(1);
    char* const many = clean_memory(256);
    std::vector<void*> found_one(1), found_many(256);
    print("unwatched pair beside watches", median_ns(per_ns, [] { allocate_and_free(fresh); }));
    print("watched pair", median_ns(per_ns, [] { allocate_and_free(fresh | MEM_WRITE_WATCH); }));
    print("query of 1 page", median_ns(per_ns, [&] { query_with_reset(one, found_one); }));
    print("query of 256 pages", median_ns(per_ns, [&] { query_with_reset(many, found_many); }));
    print("reset of 1 page", median_ns(per_ns, [&] { ResetWriteWatch(one, page_bytes); }));
    print("p99 of VirtualAlloc", allocation_p99_ns(per_ns, size_t{1} << 18, 1500));
}
