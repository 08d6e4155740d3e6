// SPDX-License-Identifier: MIT
// Memory that the mprotect back end cannot open any more when its watch ends: it
// is told, and a later store there is served. Each in a process of its own,
// which it would end.
#include "in_child.h"
#include "scenario.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>

namespace {

using failing::Failure;

constexpr Failure kNoOpening[] = {{"mprotect", PROT_READ | PROT_WRITE, EACCES}};

// Clean pages, all of them closed.
struct Closed : Memory {
    Closed() : Memory(8) {}
    bool begin() {
        for (std::size_t page = 0; page < 8; ++page)
            byte(page) = 1;
        return watch() == 0 && collect(WW_RESET).empty();
    }
    int unwatch() const {
        return api([&] { return ww_unwatch(tracker(), at(0), bytes()); });
    }
    // As where the kernel refuses to open memory for as long as it takes.
    template<class Body>
    static auto refused(Body body) {
        failing::set_absent(kNoOpening);
        const auto result = body();
        failing::set_absent({});
        return result;
    }
    // By the handler, or as all is open.
    bool stores_are_served() const {
        for (std::size_t page = 0; page < 8; ++page)
            byte(page) = 2;
        return byte(7) == 2;
    }
};

// From now on a store to closed memory ends the process.
void handle_nothing_more() {
    ::signal(SIGSEGV, SIG_DFL);
}

} // namespace

TEST_CASE("left closed: unwatch tells it, and what is stored there later is served") {
    CHECK(in_child([] {
              Closed memory;
              EXPECT(memory.begin());
              EXPECT(memory.refused([&] { return memory.unwatch(); }) == -EACCES);
              EXPECT(ww_find(memory.tracker(), memory.at(0), kPage, nullptr) == 0);
              EXPECT(memory.unwatch() == 0); // nothing is watched any more
              EXPECT(memory.stores_are_served());
              return 0;
          }) == 0);
}

TEST_CASE("left closed: watched again it is exact, and opened by the next unwatch") {
    CHECK(in_child([] {
              Closed memory;
              EXPECT(memory.begin());
              EXPECT(memory.refused([&] { return memory.unwatch(); }) == -EACCES);
              EXPECT(ww_watch(memory.tracker(), memory.at(0), memory.bytes(), 0) == 0);
              memory.byte(3) = 2;
              EXPECT(memory.collect(WW_RESET) == PageSet{3});
              EXPECT(memory.unwatch() == 0);
              handle_nothing_more();
              EXPECT(memory.stores_are_served());
              return 0;
          }) == 0);
}

TEST_CASE("left closed: forget and destroy cannot tell it, and stores are served all the same") {
    CHECK(in_child([] {
              Closed memory;
              Closed other;
              EXPECT(memory.begin() && other.begin());
              memory.refused([&] {
                  return api(
                      [&] { return ww_forget(memory.tracker(), memory.at(0), memory.bytes()); });
              });
              memory.refused(
                  [&] { return api([&] { return ww_tracker_destroy(other.tracker()), 0; }); });
              EXPECT(memory.stores_are_served());
              EXPECT(other.stores_are_served());
              return 0;
          }) == 0);
}

TEST_CASE("left closed: another tracker that watches it reports what is written, and opens it") {
    CHECK(in_child([] {
              Closed memory;
              EXPECT(memory.begin());
              EXPECT(memory.refused([&] { return memory.unwatch(); }) == -EACCES);
              ww_tracker* other = nullptr;
              EXPECT(ww_tracker_create_with(&other, WW_BACKEND_MPROTECT) == 0);
              EXPECT(ww_watch(other, memory.at(0), memory.bytes(), 0) == 0);
              memory.byte(5) = 2;
              void* found[8] = {};
              EXPECT(ww_collect_pages(other, memory.at(0), memory.bytes(), WW_RESET, found, 8,
                                      nullptr) == 1);
              EXPECT(found[0] == memory.at(5));
              EXPECT(ww_unwatch(other, memory.at(0), memory.bytes()) == 0);
              handle_nothing_more();
              EXPECT(memory.stores_are_served());
              return 0;
          }) == 0);
}

TEST_CASE("left closed: a collector that came late and cannot open what it closed leaves it, too") {
    CHECK(in_child([] {
              Closed memory;
              EXPECT(memory.begin());
              memory.byte(2) = 2;
              int ended = -1;
              failing::interpose("mprotect", PROT_READ, [&] {
                  ended = ww_unwatch(memory.tracker(), memory.at(0), memory.bytes());
              });
              memory.refused([&] {
                  const failing::Inside inside;
                  return memory.collect(WW_RESET);
              });
              EXPECT(ended == 0);
              EXPECT(memory.stores_are_served());
              return 0;
          }) == 0);
}

TEST_CASE("left closed: a child that cannot open its parent's memory gets no tracker") {
    CHECK(in_child([] {
              Closed memory;
              EXPECT(memory.begin());
              EXPECT(in_child([&] {
                         ww_tracker* own = nullptr;
                         const auto create = [&] {
                             return ww_tracker_create_with(&own, WW_BACKEND_MPROTECT);
                         };
                         EXPECT(memory.refused([&] { return api(create); }) == -EACCES);
                         memory.byte(1) = 2;
                         EXPECT(api(create) == 0);
                         EXPECT(memory.stores_are_served());
                         return 0;
                     }) == 0);
              return 0;
          }) == 0);
}

TEST_CASE("left closed: a file that may only be read, mapped over a watch, is no such memory") {
    CHECK(in_child([] {
              Closed memory;
              EXPECT(memory.begin());
              const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
              EXPECT(::mmap(memory.at(2), kPage, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) ==
                     memory.at(2));
              ::close(file);
              EXPECT(memory.unwatch() == 0);
              memory.byte(1) = 2;
              memory.byte(3) = 2;
              return 0;
          }) == 0);
}
