// SPDX-License-Identifier: MIT
// What does it cost an allocation-heavy program that its heap is watched, with
// nobody collecting, and with somebody at 60 Hz? In a program of its own: plain
// mimalloc takes over malloc of all that it is linked to.
#include "tracker_handle.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mimalloc.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
#include <writewatch/heap.h>

namespace {

constexpr std::size_t kBlocks = 20'000;
constexpr int kReplacedAtOnce = 20'000;

std::atomic<std::size_t> found_written{0}; // ranges, by all collects

class WatchedHeap {
public:
    WatchedHeap() {
        if (ww_heap_create(tracker_.get(), 0, 0, &heap_) != 0)
            throw std::runtime_error{"ww_heap_create"};
    }
    ~WatchedHeap() { ww_heap_destroy(heap_); }
    WatchedHeap(const WatchedHeap&) = delete;
    WatchedHeap& operator=(const WatchedHeap&) = delete;

    void* allocate(std::size_t bytes) const { return ww_heap_malloc(heap_, bytes); }
    static void free(void* block) { ww_heap_free(block); }
    std::size_t collect() const {
        std::array<ww_range, 8> parts;
        std::vector<ww_range> out(65'536);
        std::size_t found = 0;
        const std::size_t count = ww_heap_ranges(heap_, parts.data(), parts.size());
        for (std::size_t i = 0; i < std::min(count, parts.size()); ++i) {
            const std::ptrdiff_t ranges =
                ww_collect_ranges(tracker_.get(), parts[i].base, parts[i].bytes, WW_RESET,
                                  out.data(), out.size(), nullptr);
            found += ranges > 0 ? static_cast<std::size_t>(ranges) : 0;
        }
        return found;
    }

private:
    bench::Tracker tracker_;
    ww_heap* heap_ = nullptr;
};

struct PlainHeap {
    static void* allocate(std::size_t bytes) { return mi_malloc(bytes); }
    static void free(void* block) { mi_free(block); }
};

// What a heap of its own costs mimalloc, and nobody watches.
class OwnHeap {
public:
    void* allocate(std::size_t bytes) const { return mi_heap_malloc(heap_, bytes); }
    static void free(void* block) { mi_free(block); }

private:
    mi_heap_t* heap_ = mi_heap_new(); // as long as its thread
};

// Blocks of 16 bytes to 2 KB, small ones more often, come and go at random.
template<class Heap>
class Program {
public:
    explicit Program(const Heap& heap) : heap_(heap), blocks_(kBlocks) {
        for (void*& block : blocks_)
            block = make();
    }
    ~Program() {
        for (void* block : blocks_)
            heap_.free(block);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void replace() {
        void*& block = blocks_[next() % kBlocks];
        heap_.free(block);
        block = make();
    }

private:
    std::uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        return state_ ^= state_ << 17;
    }
    void* make() {
        const std::uint64_t random = next();
        const std::size_t bytes = std::size_t{16} << (random % 64 * (random >> 8 & 63) / 512);
        void* block = heap_.allocate(bytes);
        std::memset(block, 1, std::min<std::size_t>(bytes, 64));
        return block;
    }

    const Heap& heap_;
    std::uint64_t state_ = 88172645463325252U;
    std::vector<void*> blocks_;
};

template<class Heap>
void run(benchmark::State& state, const Heap& heap) {
    Program<Heap> program{heap};
    for (auto _ : state) {
        for (int i = 0; i < kReplacedAtOnce; ++i)
            program.replace();
    }
    state.SetItemsProcessed(state.iterations() * kReplacedAtOnce);
}

void plain(benchmark::State& state) {
    run(state, PlainHeap{});
}

void own_heap(benchmark::State& state) {
    static const OwnHeap heap;
    run(state, heap);
}

void watched(benchmark::State& state) {
    const WatchedHeap heap;
    run(state, heap);
}

void collected(benchmark::State& state) {
    const WatchedHeap heap;
    std::atomic<bool> ends{false};
    std::thread collector{[&] {
        while (!ends) {
            found_written += heap.collect();
            std::this_thread::sleep_for(std::chrono::microseconds{16'667});
        }
    }};
    run(state, heap);
    ends = true;
    collector.join();
}

// The medians of all repetitions, against each other: of the time that the
// allocating thread had a CPU.
class Ratios : public benchmark::ConsoleReporter {
public:
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& each : runs) {
            failed_ |= each.error_occurred;
            if (each.run_type == Run::RT_Iteration && each.iterations > 0)
                times_[each.run_name.function_name].push_back(
                    each.cpu_accumulated_time / static_cast<double>(each.iterations) /
                    kReplacedAtOnce * 1e9);
        }
    }
    bool print() {
        const double base = median("plain");
        std::printf("ns for free, malloc and 64 bytes written: plain %.1f, in an unwatched heap of "
                    "mimalloc's %.1f (%.3f of it), watched %.1f (%.3f; target 1.03), collected at "
                    "60 Hz %.1f (%.3f)\n",
                    base, median("own_heap"), median("own_heap") / base, median("watched"),
                    median("watched") / base, median("collected"), median("collected") / base);
        return !failed_ && found_written > 0;
    }

private:
    double median(const std::string& name) {
        std::vector<double>& times = times_[name];
        std::ranges::sort(times);
        failed_ |= times.empty();
        return times.empty() ? 0 : times[times.size() / 2];
    }
    std::map<std::string, std::vector<double>> times_;
    bool failed_ = false;
};

} // namespace

int main(int argc, char** argv) {
    const bool smoke = argc > 1 && std::string_view{argv[1]} == "--smoke";
    std::string interleaved = "--benchmark_enable_random_interleaving=true";
    std::array arguments{argv[0], interleaved.data()};
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    for (const auto& [name, function] :
         {std::pair{"plain", &plain}, {"own_heap", &own_heap}, {"watched", &watched},
          {"collected", &collected}})
        benchmark::RegisterBenchmark(name, function)
            ->Repetitions(smoke ? 1 : 61)
            ->MinTime(smoke ? 0.01 : 0.06);
    Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    return ratios.print() ? 0 : 1;
}
