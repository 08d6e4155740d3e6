// SPDX-License-Identifier: MIT
// Failures in the handler of SIGSEGV, each in a process of its own: it may end.
#include "in_child.h"
#include "scenario.h"

#include <csignal>
#include <sys/resource.h>
#include <sys/syscall.h>

namespace {

using failing::Failure;

// The body's stores, and the signals that it sends, are the tracker's to handle.
template<class Body>
int played(Body body) {
    return in_child([&] {
        ::alarm(10); // what faults for ever ends by another signal
        const rlimit no_core{};
        ::setrlimit(RLIMIT_CORE, &no_core);
        Memory memory{4};
        EXPECT(memory.watch() == 0);
        memory.byte(0) = 1;
        EXPECT(memory.collect(WW_RESET) == PageSet{0});
        return body(memory);
    });
}

int store_though(const Failure& failure) {
    return played([&](const Memory& memory) {
        failing::arm_next(failure);
        {
            const failing::Inside inside;
            memory.byte(2) = 7;
        }
        EXPECT(failing::happened());
        failing::disarm();
        EXPECT(memory.byte(2) == 7);
        EXPECT(memory.collect(WW_RESET).contains(2));
        memory.byte(3) = 1;
        EXPECT(memory.collect(WW_RESET) == PageSet{3});
        return 0;
    });
}

template<class Body>
int ended_though(const Failure& failure, Body body) {
    return played([&](const Memory& memory) {
        failing::arm_next(failure);
        const failing::Inside inside;
        body(memory);
        return __LINE__;
    });
}

} // namespace

TEST_CASE("in the handler: where the kernel allows no more mappings the store is served") {
    CHECK(store_though({"mprotect", 0, ENOMEM}) == 0);
}

TEST_CASE("in the handler: a page that cannot be opened ends the process, its store is not lost") {
    CHECK(ended_though({"mprotect", 0, EACCES}, [](const Memory& memory) { memory.byte(2) = 1; }) ==
          -SIGSEGV);
}

TEST_CASE(
    "in the handler: at the limit of mappings, and without a list, it ends the process, too") {
    constexpr Failure kLimit[] = {{"mprotect", PROT_READ | PROT_WRITE, ENOMEM}};
    CHECK(ended_though({"open", 0, EMFILE}, [&](const Memory& memory) {
              failing::set_absent(kLimit);
              memory.byte(2) = 1;
          }) == -SIGSEGV);
}

TEST_CASE("in the handler: a fault ends the program though the default was not set at once") {
    for (const int error : {EPERM, ENOSYS}) {
        CHECK(ended_though({"sigaction", 0, error}, [](const Memory& memory) {
                  memory.protect(1, PROT_NONE);
                  memory.byte(1) = 1;
              }) == -SIGSEGV);
    }
}

TEST_CASE(
    "in the handler: a signal that was sent ends the program though a sandbox lets few send") {
    for (const int error : {EPERM, ENOSYS, EAGAIN}) {
        CHECK(ended_though({"syscall", SYS_rt_tgsigqueueinfo, error},
                           [](const Memory&) { ::raise(SIGSEGV); }) == -SIGSEGV);
    }
}
