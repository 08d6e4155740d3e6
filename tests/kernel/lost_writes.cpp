// SPDX-License-Identifier: MIT
// No write is lost: threads store counters at random pages while a collector
// collects with reset and copies the reported pages to a shadow; when they
// pause, one more collect, and the shadow must equal the memory. Two broken
// collectors, which must lose, show that the test can fail.
#include "memory_kinds.h"
#include "need.h"
#include "writewatch/runs.h"

#include <atomic>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <thread>

namespace {

constexpr std::size_t kPages = 256;
constexpr std::size_t kWriters = 2;

// A loss is seen if its page is not stored to again before the pause. Of few pages
// quick writers leave none out.
constexpr std::size_t kControlPages = 4096;

std::size_t pages_of(const TestedKind& kind) {
    return is_hugetlb(kind) ? kKindPages : kPages;
}

// Where each store may take a fault, fewer give as many chances.
int epochs(int always, int when_long) {
    if (std::getenv("WW_TEST_LONG") != nullptr)
        return when_long;
    return serves_by_mprotect() ? always / 8 : always;
}

// Each writer owns every other 8-byte word of a page, so that both write to all.
class Writers {
public:
    explicit Writers(const Pages& pages) : pages_(pages) {
        for (std::size_t id = 0; id < kWriters; ++id)
            threads_.emplace_back([this, id] { run(id); });
    }
    ~Writers() {
        quit_ = true;
        sync_.arrive_and_wait();
        for (std::thread& thread : threads_)
            thread.join();
    }

    void start_epoch() {
        pause_ = false;
        sync_.arrive_and_wait();
    }
    void end_epoch() {
        pause_ = true;
        sync_.arrive_and_wait();
    }
    std::uint64_t stores() const { return stores_; }

private:
    void run(std::size_t id) {
        std::uint64_t random = id * 0x9e3779b97f4a7c15 + 1;
        std::uint64_t value = 0;
        for (;;) {
            sync_.arrive_and_wait();
            if (quit_)
                return;
            while (!pause_.load(std::memory_order_relaxed)) {
                random = random * 6364136223846793005 + 1442695040888963407;
                const auto page = static_cast<std::size_t>((random >> 33) % pages_.count());
                const auto word = static_cast<std::size_t>((random >> 45) % 64) * kWriters + id;
                auto* target = reinterpret_cast<std::uint64_t*>(pages_.at(page)) + word;
                std::atomic_ref{*target}.store(++value, std::memory_order_relaxed);
            }
            stores_ += value - counted_[id];
            counted_[id] = value;
            sync_.arrive_and_wait();
        }
    }

    const Pages& pages_;
    std::atomic<bool> pause_{false};
    std::atomic<bool> quit_{false};
    std::atomic<std::uint64_t> stores_{0};
    std::uint64_t counted_[kWriters] = {};
    std::barrier<> sync_{kWriters + 1};
    std::vector<std::thread> threads_;
};

// Copied word by word, because writers store meanwhile.
// Writers keep to the first small page of a huge one.
void copy_page(char* to, const char* from) {
    auto* target = reinterpret_cast<std::uint64_t*>(to);
    auto* source = reinterpret_cast<std::uint64_t*>(const_cast<char*>(from));
    for (std::size_t i = 0; i < kPage / sizeof *target; ++i)
        target[i] = std::atomic_ref{source[i]}.load(std::memory_order_relaxed);
}

struct Shadow {
    const Watched& memory;
    Pages copy{memory.count()};

    void copy_pages(std::span<void* const> pages) const {
        for (const void* page : pages)
            copy_page(copy.at(memory.page_of(page)), static_cast<const char*>(page));
    }
    bool equals_memory() const {
        bool equal = true;
        for (std::size_t page = 0; page < memory.count(); ++page)
            equal = equal && std::memcmp(copy.at(page), memory.at(page), kPage) == 0;
        return equal;
    }
    void copy_all() const {
        for (std::size_t page = 0; page < memory.count(); ++page)
            std::memcpy(copy.at(page), memory.at(page), kPage);
    }
};

std::span<void*> collect(const Watched& memory, unsigned flags, std::span<void*> out) {
    const std::ptrdiff_t found = ww_collect_pages(memory.tracker(), memory.at(0), memory.bytes(),
                                                  flags, out.data(), out.size(), nullptr);
    REQUIRE(found >= 0);
    return out.first(static_cast<std::size_t>(found));
}

using Collector = void (*)(const Watched&, const Shadow&);

void collect_with_reset(const Watched& memory, const Shadow& shadow) {
    std::vector<void*> out(kPages);
    shadow.copy_pages(collect(memory, WW_RESET, out));
}

// With so little room that one round takes many calls.
void collect_in_small_steps(const Watched& memory, const Shadow& shadow) {
    void* out[7];
    void* next = memory.at(0);
    char* const end = memory.at(memory.count());
    while (next != end) {
        const auto rest = static_cast<std::size_t>(end - static_cast<char*>(next));
        const std::ptrdiff_t found =
            ww_collect_pages(memory.tracker(), next, rest, WW_RESET, out, std::size(out), &next);
        REQUIRE(found >= 0);
        shadow.copy_pages({out, static_cast<std::size_t>(found)});
    }
}

void collect_ranges(const Watched& memory, const Shadow& shadow) {
    std::vector<ww_range> out(kPages);
    const std::ptrdiff_t found = ww_collect_ranges(memory.tracker(), memory.at(0), memory.bytes(),
                                                   WW_RESET, out.data(), out.size(), nullptr);
    REQUIRE(found >= 0);
    for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i) {
        for (std::size_t b = 0; b < out[i].bytes; b += kPage) {
            void* page = static_cast<char*>(out[i].base) + b;
            shadow.copy_pages({&page, 1});
        }
    }
}

void collect_runs(const Watched& memory, const Shadow& shadow) {
    std::vector<ww_run> out(kPages);
    const std::ptrdiff_t found = ww_collect_runs(memory.tracker(), memory.at(0), memory.bytes(),
                                                 WW_RESET, out.data(), out.size(), nullptr);
    REQUIRE(found >= 0);
    for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i) {
        for (std::size_t b = 0; b < out[i].bytes; b += memory.page_bytes()) {
            void* page = static_cast<char*>(out[i].base) + b;
            shadow.copy_pages({&page, 1});
        }
    }
}

// Broken on purpose: what is written between the two calls is reset unseen.
void collect_then_reset(const Watched& memory, const Shadow& shadow) {
    std::vector<void*> out(memory.count());
    const std::span<void*> found = collect(memory, 0, out);
    REQUIRE(ww_reset(memory.tracker(), memory.at(0), memory.bytes()) == 0);
    shadow.copy_pages(found);
}

// Broken on purpose: what is written between copy and reset is never copied.
void copy_before_reset(const Watched& memory, const Shadow& shadow) {
    std::vector<void*> out(memory.count());
    shadow.copy_pages(collect(memory, 0, out));
    collect(memory, WW_RESET, out);
}

struct Outcome {
    int epochs = 0;
    int epochs_with_loss = 0;
    std::uint64_t stores = 0;
};

enum class Until { all_epochs, first_loss };

Outcome run(Collector collector, int epochs, Until until, const TestedKind& kind,
            std::size_t pages) {
    const Watched memory{kind, pages};
    const Shadow shadow{memory};
    Outcome outcome;
    {
        Writers writers{memory};
        const auto done = [&] {
            return outcome.epochs == epochs ||
                   (until == Until::first_loss && outcome.epochs_with_loss > 0);
        };
        for (; !done(); ++outcome.epochs) {
            writers.start_epoch();
            for (int i = 0; i < 4; ++i)
                collector(memory, shadow);
            writers.end_epoch();
            collector(memory, shadow);
            if (!shadow.equals_memory()) {
                ++outcome.epochs_with_loss;
                shadow.copy_all();
            }
        }
        outcome.stores = writers.stores();
    }
    std::printf("%d epochs, %llu stores, %d epochs with loss\n", outcome.epochs,
                static_cast<unsigned long long>(outcome.stores), outcome.epochs_with_loss);
    return outcome;
}

} // namespace

TEST_CASE("collect with reset, as pages, in small steps and as ranges: no write is lost") {
    const TestedKind& kind = tested_kind("private anonymous");
    for (const Collector collector : {collect_with_reset, collect_in_small_steps, collect_ranges}) {
        CHECK(run(collector, epochs(800, 200'000), Until::all_epochs, kind, kPages)
                  .epochs_with_loss == 0);
    }
}

TEST_CASE("collect with reset on every kind of memory: no write is lost") {
    for (const TestedKind& kind : tested_kinds()) {
        CAPTURE(std::string{kind.name});
        for (const Collector collector : {collect_in_small_steps, collect_runs})
            CHECK(run(collector, epochs(100, 20'000), Until::all_epochs, kind, pages_of(kind))
                      .epochs_with_loss == 0);
    }
}

TEST_CASE("control: collecting and resetting separately loses writes") {
    const TestedKind& kind = tested_kind("private anonymous");
    for (const Collector broken : {collect_then_reset, copy_before_reset})
        CHECK(run(broken, 10'000, Until::first_loss, kind, kControlPages).epochs_with_loss > 0);
}

int main(int argc, char** argv) {
    return run_with_backend(argc, argv);
}
