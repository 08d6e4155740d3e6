// SPDX-License-Identifier: MIT
// What the mprotect back end does with memory, and what is declared of it.
#include "in_child.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <malloc.h>
#include <thread>
#include <vector>

TEST_CASE("mprotect: the kernel's own writes to clean pages fail with EFAULT, and change nothing") {
    CHECK(in_child([] {
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              int ends[2];
              EXPECT(::pipe(ends) == 0);
              EXPECT(::write(ends[1], "xy", 2) == 2);
              EXPECT(::read(ends[0], memory.at(0), 1) == -1 && errno == EFAULT);
              EXPECT(memory.collect().empty());
              memory.byte(0) = 1;
              EXPECT(::read(ends[0], memory.at(0), 1) == 1);
              EXPECT(memory.collect() == PageSet{0});
              return 0;
          }) == 0);
}

TEST_CASE("mprotect: access that the program gives itself is found, its writes are reported") {
    CHECK(in_child([] {
              Memory memory{4};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1;
              memory.byte(1) = 1;
              EXPECT(memory.collect(WW_RESET) == (PageSet{0, 1}));
              EXPECT(::mprotect(memory.at(0), memory.bytes(), PROT_READ | PROT_WRITE) == 0);
              memory.byte(1) = 2;
              memory.byte(2) = 2;
              // A superset, declared: page 0 has contents.
              EXPECT(memory.collect(WW_RESET) == (PageSet{0, 1, 2}));
              EXPECT(memory.counters().repairs > 0);
              EXPECT(memory.collect().empty());
              memory.byte(3) = 1;
              EXPECT(memory.collect() == PageSet{3});
              return 0;
          }) == 0);
}

TEST_CASE("mprotect: a written page that is closed, mapped anew and written is reported once") {
    CHECK(in_child([] {
              Memory memory{1};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1;
              EXPECT(memory.protect(0, PROT_NONE));
              EXPECT(memory.collect() == PageSet{0});
              EXPECT(::mmap(memory.at(0), kPage, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory.at(0));
              memory.byte(0) = 2;
              EXPECT(memory.collect(WW_RESET) == PageSet{0});
              EXPECT(memory.collect().empty());
              return 0;
          }) == 0);
}

TEST_CASE("mprotect: more pieces than the kernel allows mappings: nothing lost, and counted") {
    if (kHasMappingsOfItsOwn) {
        MESSAGE("not with a sanitizer");
        return;
    }
    CHECK(in_child([] {
              ::mallopt(M_MMAP_MAX, 0); // there will be no mapping left for a vector
              constexpr std::size_t kPages = 140'000;
              Memory memory{kPages};
              EXPECT(memory.watch() == 0);
              PageSet even;
              for (std::size_t page = 0; page < kPages; page += 2) {
                  memory.byte(page) = 1;
                  even.insert(even.end(), page);
              }
              EXPECT(memory.counters().mapping_limits > 0);
              const PageSet found = memory.collect(WW_RESET);
              EXPECT(std::ranges::includes(found, even));
              // Where there was no room to close it reports once more.
              for (int round = 0; round < 5 && !memory.collect(WW_RESET).empty(); ++round) {
              }
              EXPECT(memory.collect().empty());
              memory.byte(5) = 1;
              EXPECT(memory.collect() == PageSet{5});
              return 0;
          }) == 0);
}

TEST_CASE("mprotect: a child goes on with the memory, and with a tracker of its own") {
    CHECK(in_child([] {
              Memory memory{4};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1;
              EXPECT(in_child([&] {
                         memory.byte(1) = 1; // without one
                         ww_tracker* own = nullptr;
                         EXPECT(ww_tracker_create_with(&own, WW_BACKEND_MPROTECT) == 0);
                         EXPECT(ww_watch(own, memory.at(0), memory.bytes(), 0) == 0);
                         memory.byte(3) = 1;
                         EXPECT(ww_count_written(own, memory.at(0), memory.bytes(), 0, 9,
                                                 nullptr) == 1);
                         return 0;
                     }) == 0);
              EXPECT(memory.collect() == PageSet{0});
              memory.byte(2) = 1;
              EXPECT(memory.collect() == (PageSet{0, 2}));
              return 0;
          }) == 0);
}

TEST_CASE("mprotect: threads store on while others collect, unwatch and watch the same memory") {
    CHECK(in_child([] {
              constexpr std::size_t kPages = 16;
              Memory memory{kPages};
              EXPECT(memory.watch() == 0);
              std::atomic<bool> stop{false};
              std::vector<std::thread> threads;
              for (std::size_t first = 0; first < 2; ++first) {
                  threads.emplace_back([&, first] {
                      for (std::size_t i = first; !stop; ++i)
                          static_cast<volatile char*>(memory.at(i % kPages))[first] = 1;
                  });
              }
              threads.emplace_back([&] {
                  while (!stop)
                      static_cast<void>(memory.collect(WW_RESET));
              });
              int failed = 0;
              for (int round = 0; round < 2000; ++round) {
                  failed += ww_unwatch(memory.tracker(), memory.at(3), 5 * kPage) != 0;
                  failed += ww_watch(memory.tracker(), memory.at(3), 5 * kPage, 0) != 0;
              }
              stop = true;
              for (std::thread& thread : threads)
                  thread.join();
              EXPECT(failed == 0);
              return 0;
          }) == 0);
}

TEST_CASE("mprotect: threads that store to the same clean page at once are all served") {
    CHECK(in_child([] {
              Memory memory{1};
              EXPECT(memory.watch() == 0);
              constexpr int kThreads = 8;
              constexpr int kRounds = 300;
              std::atomic<int> ready{0};
              std::vector<std::thread> threads;
              for (int id = 0; id < kThreads; ++id) {
                  threads.emplace_back([&, id] {
                      for (int round = 0; round < kRounds; ++round) {
                          for (++ready; ready < (round + 1) * kThreads;)
                              std::this_thread::yield();
                          static_cast<volatile char*>(memory.at(0))[id * 64] = 1;
                          if (id == 0)
                              static_cast<void>(memory.collect(WW_RESET));
                      }
                  });
              }
              for (std::thread& thread : threads)
                  thread.join();
              return 0;
          }) == 0);
}
