// SPDX-License-Identifier: MIT
#include "preload/convention.h"

namespace ww::wine {

namespace {

struct Outcome {
    NTSTATUS status;
    std::size_t popped; // bytes of arguments that the function took off the stack
};

// Calls with seven words on an aligned stack, which is put right afterwards
// whatever the function did to it.
Outcome call(void* function, const ULONG_PTR (&arguments)[7]) noexcept {
    Outcome outcome{};
    const ULONG_PTR* words = arguments;
    asm volatile("movl %%esp, %%esi\n\t"
                 "andl $-16, %%esp\n\t"
                 "subl $4, %%esp\n\t"
                 "pushl 24(%%edx)\n\t"
                 "pushl 20(%%edx)\n\t"
                 "pushl 16(%%edx)\n\t"
                 "pushl 12(%%edx)\n\t"
                 "pushl 8(%%edx)\n\t"
                 "pushl 4(%%edx)\n\t"
                 "pushl (%%edx)\n\t"
                 "movl %%esp, %%edi\n\t"
                 "call *%%ecx\n\t"
                 "movl %%esp, %%ecx\n\t"
                 "subl %%edi, %%ecx\n\t"
                 "movl %%esi, %%esp"
                 : "=a"(outcome.status), "=c"(outcome.popped), "+d"(words)
                 : "c"(function)
                 : "esi", "edi", "memory", "cc");
    return outcome;
}

} // namespace

// A count of 0 is an invalid parameter to whoever finds it in its place, and
// only stdcall takes its arguments off the stack.
Convention detect_convention(void* nt_get_write_watch, NTSTATUS& answer) noexcept {
    ULONG_PTR no_entries = 0;
    ULONG granularity = 0;
    const ULONG_PTR arguments[7] = {0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    reinterpret_cast<ULONG_PTR>(&no_entries),
                                    reinterpret_cast<ULONG_PTR>(&granularity)};
    const Outcome outcome = call(nt_get_write_watch, arguments);
    answer = outcome.status;
    const bool expected =
        answer == STATUS_INVALID_PARAMETER && outcome.popped == sizeof(arguments);
    return expected ? Convention::stdcall : Convention::unknown;
}

} // namespace ww::wine
