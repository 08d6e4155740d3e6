// SPDX-License-Identifier: MIT
// How much of an alternate stack our handler of SIGSEGV needs beyond what the
// kernel puts there. Run times with many threads make them small.
#include "in_child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace {

constexpr std::size_t kPromised = 1024; // by the public header
constexpr std::size_t kRoom = std::size_t{64} << 10;
constexpr char kPaint = '\x5a';
alignas(64) char g_stack[kRoom];

void use_stack() {
    const stack_t alternate{.ss_sp = g_stack, .ss_flags = 0, .ss_size = kRoom};
    ::sigaltstack(&alternate, nullptr);
}

// Bytes of the stack that were written to while the body ran.
template<class Body>
std::size_t used_by(Body body) {
    std::memset(g_stack, kPaint, kRoom);
    body();
    const auto* const lowest = std::find_if(std::begin(g_stack), std::end(g_stack),
                                            [](char byte) { return byte != kPaint; });
    return static_cast<std::size_t>(std::end(g_stack) - lowest);
}

std::uintptr_t g_page = 0;

// The program's own: one call, and no more. Counted as the kernel's part.
void open_page(int, siginfo_t*, void*) {
    ::syscall(SYS_mprotect, g_page, 2 * kPage, PROT_READ | PROT_WRITE);
}
void handle_by(void (*function)(int, siginfo_t*, void*)) {
    struct sigaction action {};
    action.sa_sigaction = function;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &action, nullptr);
}

// A fault that is nobody's of ours.
std::size_t used_by_foreign_fault() {
    const Memory foreign{2, PROT_READ};
    g_page = reinterpret_cast<std::uintptr_t>(foreign.at(0));
    return used_by([&] { foreign.byte(0) = 1; });
}

// Calls of this number whose argument is this one fail from now on.
bool refuse(unsigned call, unsigned argument, unsigned value, int error) {
    const auto place = static_cast<unsigned>(offsetof(seccomp_data, args) + argument * 8);
    const sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{.len = std::size(program), .filter = const_cast<sock_filter*>(program)};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
bool refuse_mapping_queries() { // before Linux 6.11
    return refuse(SYS_ioctl, 1, 0xc0686611, ENOTTY);
}

} // namespace

TEST_CASE("handler's stack: what it needs beyond the kernel's part is what the header says") {
    if (kHasMappingsOfItsOwn) {
        MESSAGE("not with a sanitizer");
        return;
    }
    const auto measure = [](bool (*restrict)()) {
        return in_child([&] {
            use_stack();
            handle_by(open_page);
            used_by_foreign_fault(); // what is called is bound by now
            const std::size_t without = used_by_foreign_fault();
            Memory memory{4};
            EXPECT(memory.watch() == 0);
            EXPECT(restrict());
            const std::size_t served = used_by([&] { memory.byte(2) = 1; });
            const std::size_t foreign = used_by_foreign_fault();
            EXPECT(without > 0 && without < served);
            std::printf("handler: %zu bytes, of faults passed on %zu; the kernel %zu\n",
                        served - without, foreign - without, without);
            std::fflush(stdout);
            EXPECT(served - without <= kPromised);
            EXPECT(foreign - without <= kPromised);
            return 0;
        });
    };
    CHECK(measure([] { return true; }) == 0);
    CHECK(measure(refuse_mapping_queries) == 0);
    // At the limit of mappings: no page can be opened alone.
    CHECK(measure([] { return refuse(SYS_mprotect, 1, static_cast<unsigned>(kPage), ENOMEM); }) ==
          0);
}
