// SPDX-License-Identifier: MIT
// Threads that work on watched memory are stopped at random by SuspendThread,
// at any instruction, and while some stand still all the others have to go on.
//
// The workers use VirtualAlloc, VirtualFree, GetWriteWatch, ResetWriteWatch and
// stores, nothing else: a thread stopped inside the heap or inside stdio stops
// others on Windows too. Each worker compares every answer with its own model.
//
//     suspension [rounds [seed]]
#include "page_model.h"

#include <windows.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr size_t own_pages = 32;
constexpr size_t workers = 6;
constexpr DWORD progress_limit_ms = 20000;
constexpr ULONGLONG time_limit_ms = 45000; // fewer rounds on a machine that is busy otherwise
constexpr uint64_t laps_while_others_stand = 2;

enum class Step : LONG {
    starting,
    allocating,
    storing,
    collecting,
    resetting,
    decommitting,
    peeking,
    freeing
};

const char* name(Step step) {
    static const char* const names[] = {"starting",  "allocating",   "storing", "collecting",
                                        "resetting", "decommitting", "peeking", "freeing"};
    return names[static_cast<LONG>(step)];
}

// On its own cache line each: the controller reads what the workers write.
struct alignas(64) Worker {
    HANDLE thread;
    size_t index;
    uint64_t seed;
    volatile uint64_t laps;
    volatile Step step;
    char* volatile memory;        // its present allocation
    const char* volatile mistake; // what was wrong with an answer, if any was
    bool suspended;               // the controller's
};

Worker team[workers];
volatile LONG stop;

// One allocation for all: its pages are dealt out, so that queries of several
// threads, some of them stopped half-way, always overlap on one watch.
char* shared_memory;

using Model = PageModel<own_pages>;

// nullptr, or what went wrong.
const char* work_on(Worker& self, Random& random, Model& model, size_t pages) {
    self.step = Step::storing;
    for (uint32_t stores = random.below(8); stores > 0; --stores)
        model.store(random.below(static_cast<uint32_t>(pages)));

    self.step = Step::collecting;
    const DWORD flags = random.below(2) ? WRITE_WATCH_FLAG_RESET : 0;
    if (!model.answer_is_right(flags, 1 + random.below(static_cast<uint32_t>(pages))))
        return "GetWriteWatch gave other pages than were written";

    self.step = Step::resetting;
    const size_t first = random.below(static_cast<uint32_t>(pages));
    if (!model.reset(first, 1 + random.below(static_cast<uint32_t>(pages - first))))
        return "ResetWriteWatch failed";
    if (!model.answer_is_right(0, pages))
        return "ResetWriteWatch reset other pages than asked for";
    return nullptr;
}

const char* decommit_and_commit(Worker& self, Random& random, char* base, Model& model) {
    self.step = Step::decommitting;
    const size_t first = random.below(own_pages);
    const size_t count = 1 + random.below(static_cast<uint32_t>(own_pages - first));
    char* const part = base + first * page_bytes;
    // Reset beforehand: stock Wine keeps the state of what is decommitted.
    if (!model.reset(first, count))
        return "ResetWriteWatch failed";
    if (!VirtualFree(part, count * page_bytes, MEM_DECOMMIT) ||
        !VirtualAlloc(part, count * page_bytes, MEM_COMMIT, PAGE_READWRITE))
        return "decommit or commit failed";
    if (!model.answer_is_right(0, own_pages))
        return "decommit and commit changed what is written";
    return nullptr;
}

// Memory that another thread may free, and use again, at the same moment: any
// answer is right, as long as there is one and nobody else's answers suffer.
void peek(Worker& self, Random& random) {
    self.step = Step::peeking;
    char* const base = team[random.below(workers)].memory;
    void* found[own_pages];
    ULONG_PTR count = own_pages;
    DWORD granularity;
    GetWriteWatch(0, base, own_pages * page_bytes, found, &count, &granularity);
}

const char* lap(Worker& self, Random& random, Model& share) {
    self.step = Step::allocating;
    char* const base = static_cast<char*>(VirtualAlloc(nullptr, own_pages * page_bytes,
                                                       MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                                       PAGE_READWRITE));
    if (!base)
        return "VirtualAlloc failed";
    self.memory = base;
    Model model(base, own_pages);
    const char* mistake = nullptr;
    for (uint32_t times = 1 + random.below(4); times > 0 && !mistake; --times) {
        mistake = work_on(self, random, model, own_pages);
        if (!mistake && random.below(3) == 0)
            mistake = decommit_and_commit(self, random, base, model);
        if (!mistake)
            mistake = work_on(self, random, share, own_pages);
        peek(self, random);
    }
    self.step = Step::freeing;
    if (!VirtualFree(base, 0, MEM_RELEASE))
        return "VirtualFree failed";
    return mistake;
}

DWORD WINAPI run(void* argument) {
    Worker& self = *static_cast<Worker*>(argument);
    Random random(self.seed);
    Model share(shared_memory + self.index * own_pages * page_bytes, own_pages);
    while (!stop) {
        if (const char* mistake = lap(self, random, share)) {
            self.mistake = mistake;
            return 1;
        }
        self.laps = self.laps + 1;
    }
    return 0;
}

[[noreturn]] void fail(const char* what) {
    std::printf("FAILED: %s\n", what);
    for (const Worker& worker : team)
        std::printf("  thread %zu: %s, %llu laps, last seen %s%s%s\n", worker.index,
                    worker.suspended ? "suspended" : "running",
                    static_cast<unsigned long long>(worker.laps), name(worker.step),
                    worker.mistake ? ": " : "", worker.mistake ? worker.mistake : "");
    std::fflush(stdout);
    // Not exit(): a suspended thread may hold what it would wait for.
    TerminateProcess(GetCurrentProcess(), 1);
    std::abort();
}

void check_answers() {
    for (const Worker& worker : team)
        if (worker.mistake)
            fail("a thread got a wrong answer");
}

// Waits until each running worker has finished a lap that it began after this call.
void others_must_go_on() {
    uint64_t goal[workers];
    for (const Worker& worker : team)
        goal[worker.index] = worker.laps + laps_while_others_stand;
    const ULONGLONG start = GetTickCount64();
    for (const Worker& worker : team) {
        while (!worker.suspended && worker.laps < goal[worker.index]) {
            check_answers();
            if (GetTickCount64() - start > progress_limit_ms)
                fail("a running thread makes no progress");
            Sleep(0);
        }
    }
}

void suspend(Worker& worker) {
    if (SuspendThread(worker.thread) == ~0u)
        fail("SuspendThread");
    // SuspendThread only asks; this waits until the thread stands.
    alignas(16) CONTEXT context = {};
    context.ContextFlags = CONTEXT_CONTROL;
    if (!GetThreadContext(worker.thread, &context))
        fail("GetThreadContext");
    worker.suspended = true;
}

void resume(Worker& worker) {
    worker.suspended = false;
    if (ResumeThread(worker.thread) == ~0u)
        fail("ResumeThread");
}

// Stops one to all but one of the workers, and sees that the others go on.
size_t storm_round(Random& random) {
    const uint32_t chosen = 1 + random.below((1u << workers) - 2);
    size_t count = 0;
    for (Worker& worker : team) {
        if (chosen & 1u << worker.index) {
            suspend(worker);
            ++count;
        }
    }
    others_must_go_on();
    for (Worker& worker : team)
        if (worker.suspended)
            resume(worker);
    return count;
}

void start_workers(uint64_t seed) {
    shared_memory = static_cast<char*>(VirtualAlloc(nullptr, workers * own_pages * page_bytes,
                                                    MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                                    PAGE_READWRITE));
    for (size_t i = 0; i < workers; ++i) {
        team[i].index = i;
        team[i].seed = seed + 1 + i;
        team[i].thread = CreateThread(nullptr, 0, run, &team[i], 0, nullptr);
        if (!shared_memory || !team[i].thread)
            fail("out of memory or threads");
    }
}

void stop_workers() {
    stop = 1;
    for (const Worker& worker : team)
        if (WaitForSingleObject(worker.thread, progress_limit_ms) != WAIT_OBJECT_0)
            fail("a thread does not end");
    check_answers();
}

} // namespace

int main(int argc, char** argv) {
    const unsigned long rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2000;
    const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : GetTickCount64();
    std::printf("%zu threads, %lu rounds, seed %llu\n", workers, rounds,
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);

    start_workers(seed);
    others_must_go_on();
    Random random(seed);
    size_t suspensions = 0;
    const ULONGLONG start = GetTickCount64();
    for (size_t round = 0; round < rounds && GetTickCount64() - start < time_limit_ms; ++round)
        suspensions += storm_round(random);
    stop_workers();

    uint64_t laps = 0;
    for (const Worker& worker : team)
        laps += worker.laps;
    std::printf("%zu suspensions, %llu laps, all answers right\n", suspensions,
                static_cast<unsigned long long>(laps));
    return 0;
}
