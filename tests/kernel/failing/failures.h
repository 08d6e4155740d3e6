// SPDX-License-Identifier: MIT
// System calls of the tracker that fail on demand. The binary is linked so that
// each call of a libc function that makes one comes here first (ld's --wrap).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace failing {

// What a call can plausibly fail with.
struct Failure {
    const char* call;   // libc's name
    unsigned long what; // ioctl's request, syscall's number, mprotect's access; 0: all
    int error;
    bool midway = false;     // after a part of the work was done
    unsigned long flags = 0; // syscall's second argument has these
};
std::span<const Failure> all_failures();

// Fails always, as in an environment that lacks it.
void set_absent(std::span<const Failure> absent);

// The n-th call from now on fails, if it is one of this failure's.
void arm(long number, const Failure& failure);
// The next call that is this failure's fails, or the one behind so many of them.
void arm_next(const Failure& failure, int calls_before = 0);
void disarm();

// What somebody else does at the worst moment: once, right in front of the next
// such call.
void interpose(const char* call, unsigned long what, std::function<void()> deed);

bool happened(); // since arm()
bool happened_in(const char* call, unsigned long what);
long calls();                                       // since arm() or disarm()
bool concerns(long number, const Failure& failure); // was such a call, since disarm()
std::string describe(const Failure& failure);

// Calls are counted, and fail, only while one lives: around calls of the
// tracker, not around the test's own.
class Inside {
public:
    Inside();
    ~Inside();
};

// A call in the program that was made to fail, also in a forked child.
struct Place {
    std::uintptr_t return_address;
    const char* call;
};
std::span<const Place> failed_places();

} // namespace failing
