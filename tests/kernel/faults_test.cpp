// SPDX-License-Identifier: MIT
// The mprotect back end and the program's own SIGSEGV. The handler is installed
// once in a process, so each case is played in a child that has none yet.
#include "in_child.h"

#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <sys/resource.h>
#include <sys/syscall.h>

namespace {

void handle(void (*function)(int, siginfo_t*, void*), int flags, int also_blocked = 0) {
    struct sigaction action {};
    action.sa_sigaction = function;
    action.sa_flags = SA_SIGINFO | flags;
    if (also_blocked != 0)
        sigaddset(&action.sa_mask, also_blocked);
    ::sigaction(SIGSEGV, &action, nullptr);
}
void handle_simply(void (*function)(int)) {
    ::signal(SIGSEGV, function);
}

std::atomic<int> g_calls{0};
std::atomic<void*> g_address{nullptr};
sigset_t g_blocked;
std::atomic<bool> g_on_alternate_stack{false};

// The program's own: makes the page usable.
void mend(int, siginfo_t* info, void*) {
    ++g_calls;
    g_address = info->si_addr;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &g_blocked);
    stack_t stack{};
    ::sigaltstack(nullptr, &stack);
    g_on_alternate_stack = (stack.ss_flags & SS_ONSTACK) != 0;
    const auto page = reinterpret_cast<std::uintptr_t>(info->si_addr) & ~(kPage - 1);
    ::mprotect(reinterpret_cast<void*>(page), kPage, PROT_READ | PROT_WRITE);
}

void pass_over(int, siginfo_t*, void*) {
    ++g_calls;
}

sigjmp_buf g_back;
void jump_back(int) {
    ++g_calls;
    siglongjmp(g_back, 1);
}

// Behind the fault, and in front of our handler.
const Memory* g_memory = nullptr;
struct sigaction g_ours {};
void unwatch_and_pass_on(int signal, siginfo_t* info, void* context) {
    if (++g_calls == 1) {
        ww_unwatch(g_memory->tracker(), g_memory->at(0), g_memory->bytes());
        const rlimit none{};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    g_ours.sa_sigaction(signal, info, context);
}
void unwatch_in_handler(const Memory& memory) {
    g_memory = &memory;
    ::sigaction(SIGSEGV, nullptr, &g_ours);
    handle(unwatch_and_pass_on, 0);
}

bool is_blocked(int signal) {
    sigset_t now;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
    return sigismember(&now, signal) == 1;
}

} // namespace

TEST_CASE("faults: a store is served unseen: errno, mask and the program's handler are untouched") {
    CHECK(in_child([] {
              handle(mend, 0);
              Memory memory{4};
              EXPECT(memory.watch() == 0);
              errno = 4242;
              memory.byte(2) = 1;
              EXPECT(errno == 4242);
              EXPECT(!is_blocked(SIGSEGV));
              EXPECT(g_calls == 0);
              EXPECT(memory.collect(WW_RESET) == PageSet{2});
              EXPECT(memory.collect().empty());
              return 0;
          }) == 0);
}

TEST_CASE("faults: the program's own go to its handler, with their address, and are mended there") {
    CHECK(in_child([] {
              handle(mend, 0, SIGUSR2);
              Memory memory{4};
              const Memory other{1, PROT_NONE};
              EXPECT(memory.watch() == 0);
              EXPECT(memory.protect(1, PROT_NONE));
              other.byte(0) = 1;
              EXPECT(g_calls == 1);
              EXPECT(g_address == other.at(0));
              EXPECT(sigismember(&g_blocked, SIGSEGV) == 1);
              EXPECT(sigismember(&g_blocked, SIGUSR2) == 1);
              EXPECT(!is_blocked(SIGSEGV));
              EXPECT(!is_blocked(SIGUSR2));
              memory.byte(1) = 1;
              EXPECT(g_calls == 2);
              EXPECT(g_address == memory.at(1));
              memory.byte(3) = 1;
              EXPECT(g_calls == 2);
              EXPECT(memory.collect() == (PageSet{1, 3}));
              return 0;
          }) == 0);
}

TEST_CASE("faults: SA_NODEFER leaves the signal open in the program's handler") {
    CHECK(in_child([] {
              handle(mend, SA_NODEFER);
              Memory memory{1};
              const Memory other{1, PROT_NONE};
              EXPECT(memory.watch() == 0);
              other.byte(0) = 1;
              EXPECT(g_calls == 1);
              EXPECT(sigismember(&g_blocked, SIGSEGV) == 0);
              return 0;
          }) == 0);
}

TEST_CASE("faults: a read where the program allows none is its own") {
    CHECK(in_child([] {
              handle(mend, 0);
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              EXPECT(memory.protect(0, PROT_NONE));
              EXPECT(memory.byte(0) == 0);
              EXPECT(g_calls == 1);
              return 0;
          }) == 0);
}

TEST_CASE("faults: memory that was read-only when it was watched stays so") {
    CHECK(in_child([] {
              handle(mend, 0);
              Memory memory{3};
              EXPECT(memory.protect(1, PROT_READ));
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1;
              memory.byte(2) = 1;
              EXPECT(g_calls == 0);
              memory.byte(1) = 1;
              EXPECT(g_calls == 1);
              EXPECT(memory.collect(WW_RESET) == (PageSet{0, 1, 2}));
              memory.byte(1) = 1; // opened by the program, and so ours from then on
              EXPECT(g_calls == 1);
              EXPECT(memory.collect() == PageSet{1});
              return 0;
          }) == 0);
}

TEST_CASE("faults: by default the program ends by the signal, as if we were not there") {
    const auto end_by = [](auto provoke) {
        return in_child([&] {
            Memory memory{3};
            EXPECT(memory.protect(1, PROT_READ));
            EXPECT(memory.watch() == 0);
            memory.byte(0) = 1;
            provoke(memory);
            return 0;
        });
    };
    CHECK(end_by([](const Memory& memory) { memory.byte(1) = 1; }) == -SIGSEGV);
    CHECK(end_by([](const Memory& memory) {
              ::munmap(memory.at(2), kPage);
              memory.byte(2) = 1;
          }) == -SIGSEGV);
    CHECK(end_by([](const Memory&) { ::raise(SIGSEGV); }) == -SIGSEGV);
    CHECK(end_by([](const Memory&) { ::kill(::getpid(), SIGSEGV), ::pause(); }) == -SIGSEGV);
    CHECK(end_by([](const Memory& memory) {
              memory.protect(0, PROT_NONE);
              memory.byte(0) = 1;
          }) == -SIGSEGV);
}

// As the program's own handler would see it: the default action does not say why.
TEST_CASE("faults: a store to memory that was unmapped without a word is told as just that") {
    const auto end_by = [](void (*handler)(int, siginfo_t*, void*)) {
        return in_child([&] {
            ::alarm(10); // an endless loop ends by another signal
            if (handler != nullptr)
                handle(handler, 0);
            Memory memory{5};
            for (std::size_t page = 0; page < 5; ++page)
                memory.byte(page) = 1;
            EXPECT(memory.watch() == 0);
            EXPECT(memory.collect(WW_RESET).empty());
            EXPECT(::munmap(memory.at(2), kPage) == 0);
            g_address = memory.at(2) + 24;
            *static_cast<volatile char*>(memory.at(2) + 24) = 1;
            return __LINE__;
        });
    };
    CHECK(end_by(nullptr) == -SIGSEGV);
    CHECK(end_by([](int, siginfo_t* info, void*) {
              const bool right = info->si_signo == SIGSEGV && info->si_code == SEGV_MAPERR &&
                                 info->si_addr == g_address;
              ::_exit(right ? 42 : 43);
          }) == 42);
}

TEST_CASE("faults: a signal that was sent opens no page, whatever address it has in it") {
    CHECK(in_child([] {
              handle(pass_over, 0);
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1; // the processor's last word is of a store
              siginfo_t sent{};
              sent.si_code = SI_QUEUE;
              sent.si_addr = memory.at(1);
              EXPECT(::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::getpid(), SIGSEGV, &sent) == 0);
              EXPECT(g_calls == 1);
              EXPECT(memory.collect() == PageSet{0});
              return 0;
          }) == 0);
}

TEST_CASE("faults: ignoring holds for signals that are sent, and for no fault") {
    CHECK(in_child([] {
              handle_simply(SIG_IGN);
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              ::raise(SIGSEGV);
              memory.byte(1) = 1;
              EXPECT(memory.collect() == PageSet{1});
              memory.protect(0, PROT_NONE);
              memory.byte(0) = 1;
              return __LINE__;
          }) == -SIGSEGV);
}

TEST_CASE("faults: a handler that was to be called once is called once") {
    CHECK(in_child([] {
              handle(mend, static_cast<int>(SA_RESETHAND));
              Memory memory{2};
              const Memory other{2, PROT_NONE};
              EXPECT(memory.watch() == 0);
              other.byte(0) = 1;
              memory.byte(0) = 1;
              EXPECT(g_calls == 1);
              EXPECT(memory.collect() == PageSet{0});
              other.byte(1) = 1;
              return __LINE__;
          }) == -SIGSEGV);
}

TEST_CASE("faults: the program's handler may jump out, and stores are served afterwards") {
    CHECK(in_child([] {
              handle_simply(jump_back);
              Memory memory{2};
              const Memory other{1, PROT_NONE};
              EXPECT(memory.watch() == 0);
              for (int round = 0; round < 3; ++round) {
                  if (sigsetjmp(g_back, 1) == 0)
                      other.byte(0) = 1;
              }
              EXPECT(g_calls == 3);
              EXPECT(!is_blocked(SIGSEGV));
              memory.byte(1) = 1;
              EXPECT(memory.collect() == PageSet{1});
              return 0;
          }) == 0);
}

TEST_CASE("faults: on the alternate stack, where there is one") {
    CHECK(in_child([] {
              static char stack[64 * 1024];
              const stack_t alternate{.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof stack};
              ::sigaltstack(&alternate, nullptr);
              handle(mend, SA_ONSTACK);
              Memory memory{1};
              const Memory other{1, PROT_NONE};
              EXPECT(memory.watch() == 0);
              other.byte(0) = 1;
              EXPECT(g_on_alternate_stack);
              memory.byte(0) = 1;
              EXPECT(memory.collect() == PageSet{0});
              return 0;
          }) == 0);
}

TEST_CASE("faults: a handler that the program installs later is noticed and counted") {
    CHECK(in_child([] {
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              EXPECT(memory.collect().empty());
              EXPECT(memory.counters().foreign_handlers == 0);
              handle(mend, 0);
              EXPECT(memory.collect().empty());
              EXPECT(memory.counters().foreign_handlers == 1);
              return 0;
          }) == 0);
}

TEST_CASE(
    "faults: of memory unwatched in between none ends the program, without a descriptor too") {
    CHECK(in_child([] {
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1;
              EXPECT(memory.collect(WW_RESET) == PageSet{0});
              unwatch_in_handler(memory);
              memory.byte(0) = 7;
              EXPECT(g_calls == 1);
              EXPECT(memory.byte(0) == 7);
              memory.byte(1) = 7; // open by now
              EXPECT(g_calls == 1);
              const Memory own{1, PROT_READ};
              own.byte(0) = 1; // nobody's of ours
              return __LINE__;
          }) == -SIGSEGV);
}

TEST_CASE("faults: protections of code stay: what was executable still is, written or not") {
#if defined(__x86_64__) || defined(__i386__)
    CHECK(in_child([] {
              Memory memory{2, PROT_READ | PROT_WRITE | PROT_EXEC};
              const auto put = [&](char value) {
                  const char code[] = {'\xb8', value, 0, 0, 0, '\xc3'}; // mov eax, value; ret
                  std::memcpy(memory.at(0), code, sizeof code);
              };
              const auto run = [&] { return reinterpret_cast<int (*)()>(memory.at(0))(); };
              put(7);
              EXPECT(memory.watch() == 0);
              EXPECT(run() == 7);
              EXPECT(memory.collect().empty());
              put(8);
              EXPECT(run() == 8);
              EXPECT(memory.collect(WW_RESET) == PageSet{0});
              EXPECT(run() == 8);
              EXPECT(ww_unwatch(memory.tracker(), memory.at(0), memory.bytes()) == 0);
              put(9);
              EXPECT(run() == 9);
              return 0;
          }) == 0);
#endif
}

TEST_CASE("faults: jumping into watched memory that is not executable ends the program") {
    CHECK(in_child([] {
              Memory memory{1};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = '\xc3';
              reinterpret_cast<void (*)()>(memory.at(0))();
              return __LINE__;
          }) == -SIGSEGV);
}

TEST_CASE("faults: what the program closes to itself stays closed when it is reset") {
    CHECK(in_child([] {
              handle(mend, 0);
              Memory memory{2};
              EXPECT(memory.watch() == 0);
              memory.byte(0) = 1;
              EXPECT(memory.protect(0, PROT_NONE));
              EXPECT(memory.collect(WW_RESET) == PageSet{0});
              EXPECT(g_calls == 0);
              EXPECT(memory.byte(0) == 1);
              EXPECT(g_calls == 1);
              return 0;
          }) == 0);
}

// Sanitizers would catch SIGSEGV in front of us, and end the program in their way.
extern "C" const char* __asan_default_options() {
    return "handle_segv=0";
}
extern "C" const char* __tsan_default_options() {
    return "handle_segv=0";
}

int main(int argc, char** argv) {
    return run_with_backend(argc, argv);
}
