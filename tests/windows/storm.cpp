// SPDX-License-Identifier: MIT
// Everything that can happen to a thread happens to eight of them at random
// while they work on watched memory: they are suspended, killed, sent procedure
// calls, run into access violations that they handle and out of stack, and ask with
// result arrays that fault. Each compares every answer with its own model of what it wrote;
// whatever became of the others, it goes on.
//
//     storm [seconds [seed]]       (4, or with WW_TEST_LONG 90 seconds)
//
// The workers use VirtualAlloc and its like, stores and queries, nothing else: a
// thread killed inside the heap or inside stdio stops others on Windows, too.
#include "page_model.h"

#include <windows.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>

namespace {

constexpr size_t own_pages = 24;
constexpr size_t workers = 8;
constexpr size_t stack_bytes = 128 << 10;
constexpr DWORD progress_limit_ms = 30000;
constexpr DWORD fresh = MEM_RESERVE | MEM_COMMIT;

struct alignas(64) Worker {
    HANDLE thread;
    uint64_t seed;
    volatile uint64_t laps;
    volatile LONG calls;          // procedure calls that arrived
    volatile LONG faults;         // access violations that it handled
    volatile LONG overflows;      // of its stack
    volatile bool digging;        // until its stack overflows
    volatile bool handling;       // inside ntdll.dll's list of handlers, and its lock, or near it
    char* volatile memory;        // its present allocation, for whoever cleans up
    const char* volatile mistake; // what was wrong with an answer, if any was
    bool suspended;               // the controller's
    CONTEXT before_digging;
};

Worker team[workers];
volatile LONG stop;
thread_local Worker* me;

using Model = PageModel<own_pages>;

// Makes the page writable that a worker has protected on purpose, and goes on; or
// goes back to where there is stack.
LONG CALLBACK handle_fault(EXCEPTION_POINTERS* pointers) {
    const EXCEPTION_RECORD& record = *pointers->ExceptionRecord;
    if (record.ExceptionCode == EXCEPTION_STACK_OVERFLOW && me && me->digging) {
        me->digging = false;
        *pointers->ContextRecord = me->before_digging;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (record.ExceptionCode != EXCEPTION_ACCESS_VIOLATION || record.NumberParameters < 2 || !me)
        return EXCEPTION_CONTINUE_SEARCH;
    const ULONG_PTR page = record.ExceptionInformation[1] & ~(page_bytes - 1);
    const ULONG_PTR offset = page - reinterpret_cast<ULONG_PTR>(me->memory);
    DWORD before;
    if (offset >= own_pages * page_bytes ||
        !VirtualProtect(reinterpret_cast<void*>(page), page_bytes, PAGE_READWRITE, &before))
        return EXCEPTION_CONTINUE_SEARCH;
    InterlockedIncrement(&me->faults);
    return EXCEPTION_CONTINUE_EXECUTION;
}

const char* store_into_protected(Random& random, Model& model) {
    const size_t page = random.below(own_pages);
    DWORD before;
    if (!VirtualProtect(model.at(page), page_bytes,
                        random.below(2) ? PAGE_READONLY : PAGE_NOACCESS, &before))
        return "VirtualProtect failed";
    if (!model.answer_is_right(0, own_pages))
        return "a protection changed what is written";
    me->handling = true;
    model.store(page); // handle_fault() lets it through
    me->handling = false;
    return nullptr;
}

// Asks until there is no stack left, be that here or on the way to the answer.
[[gnu::noinline]] size_t dig(const Model& model, size_t bytes, size_t depth) {
    volatile char* const frame = static_cast<volatile char*>(_alloca(bytes));
    frame[0] = 1;
    model.ask();
    return depth == 0 ? 0 : dig(model, bytes, depth - 1) + static_cast<size_t>(frame[0]);
}

// Seldom: nobody is killed meanwhile.
[[gnu::noinline]] const char* overflow_stack(Random& random, Model& model) {
    if (random.below(24) != 0)
        return nullptr;
    const size_t bytes = 16 + random.below(1024);
    me->handling = true;
    me->digging = true;
    RtlCaptureContext(&me->before_digging); // comes back here once more
    if (me->digging)
        dig(model, bytes, stack_bytes);
    const bool has_guard = _resetstkoflw() != 0;
    me->handling = false;
    if (!has_guard)
        return "the stack cannot be used again";
    InterlockedIncrement(&me->overflows);
    return model.answer_is_right(0, own_pages) ? nullptr : "a stack overflow changed the answer";
}

// The array ends in front of memory that is not there: nothing is lost.
const char* query_into_nothing(Random& random, Model& model) {
    char* const results =
        static_cast<char*>(VirtualAlloc(nullptr, 2 * page_bytes, MEM_RESERVE, PAGE_READWRITE));
    if (!results || !VirtualAlloc(results, page_bytes, MEM_COMMIT, PAGE_READWRITE))
        return "VirtualAlloc of results failed";
    const size_t room = 1 + random.below(own_pages - 1);
    ULONG_PTR count = own_pages;
    DWORD granularity;
    const UINT failed = GetWriteWatch(
        WRITE_WATCH_FLAG_RESET, model.at(0), own_pages * page_bytes,
        reinterpret_cast<void**>(results + page_bytes - room * sizeof(void*)), &count,
        &granularity);
    VirtualFree(results, 0, MEM_RELEASE);
    if (failed == 0 || count != own_pages)
        return "a result array that ends too early was accepted";
    return model.answer_is_right(0, own_pages) ? nullptr : "a failed query reset pages";
}

const char* decommit_and_commit(Random& random, Model& model) {
    const size_t first = random.below(own_pages);
    const size_t count = 1 + random.below(static_cast<uint32_t>(own_pages - first));
    // Reset beforehand: what was written and then protected stays reported.
    if (ResetWriteWatch(model.at(first), count * page_bytes) != 0)
        return "ResetWriteWatch failed";
    model.forget(first, count);
    if (!VirtualFree(model.at(first), count * page_bytes, MEM_DECOMMIT) ||
        !VirtualAlloc(model.at(first), count * page_bytes, MEM_COMMIT, PAGE_READWRITE))
        return "decommit or commit failed";
    return model.answer_is_right(0, own_pages) ? nullptr : "a decommit changed what is written";
}

const char* store_and_query(Random& random, Model& model) {
    for (uint32_t stores = random.below(8); stores > 0; --stores)
        model.store(random.below(own_pages));
    const DWORD flags = random.below(2) ? WRITE_WATCH_FLAG_RESET : 0;
    return model.answer_is_right(flags, 1 + random.below(own_pages))
               ? nullptr
               : "GetWriteWatch gave other pages than were written";
}

// Memory that another thread may free at the same moment: any answer is right.
const char* peek(Random& random, Model&) {
    void* found[own_pages];
    ULONG_PTR count = own_pages;
    DWORD granularity;
    GetWriteWatch(0, team[random.below(workers)].memory, own_pages * page_bytes, found, &count,
                  &granularity);
    return nullptr;
}

const char* let_calls_in(Random&, Model& model) {
    SleepEx(0, TRUE);
    return model.answer_is_right(0, own_pages) ? nullptr : "a procedure call changed the answer";
}

const char* lap(Random& random) {
    using Deed = const char* (*)(Random&, Model&);
    static constexpr Deed deeds[] = {store_and_query, store_and_query,     store_into_protected,
                                     peek,            decommit_and_commit, query_into_nothing,
                                     let_calls_in,    overflow_stack};
    // In several sizes: to watch the same memory again in the same extent is
    // simpler for the plugin.
    const size_t bytes = (own_pages + random.below(48)) * page_bytes;
    char* const base = static_cast<char*>(
        VirtualAlloc(nullptr, bytes, fresh | MEM_WRITE_WATCH, PAGE_READWRITE));
    if (!base)
        return "VirtualAlloc failed";
    me->memory = base;
    Model model(base);
    const char* mistake = nullptr;
    for (uint32_t left = 1 + random.below(12); left > 0 && !mistake; --left)
        mistake = deeds[random.below(sizeof(deeds) / sizeof(*deeds))](random, model);
    me->memory = nullptr;
    if (!VirtualFree(base, 0, MEM_RELEASE))
        return "VirtualFree failed";
    return mistake;
}

DWORD WINAPI run(void* argument) {
    me = static_cast<Worker*>(argument);
    Random random(me->seed);
    while (!stop) {
        if (const char* mistake = lap(random)) {
            me->mistake = mistake;
            return 1;
        }
        me->laps = me->laps + 1;
    }
    return 0;
}

[[noreturn]] void fail(const char* what) {
    std::printf("FAILED: %s\n", what);
    for (const Worker& worker : team)
        std::printf("  thread %d: %s, %llu laps%s%s\n", static_cast<int>(&worker - team),
                    worker.suspended ? "suspended" : "running",
                    static_cast<unsigned long long>(worker.laps), worker.mistake ? ": " : "",
                    worker.mistake ? worker.mistake : "");
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

void start(Worker& worker, uint64_t seed) {
    worker.seed = seed;
    worker.thread = CreateThread(nullptr, stack_bytes, run, &worker,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
    if (!worker.thread)
        fail("CreateThread");
}

// Where it stands. Another one takes its place, and what it had is freed by us:
// a watch does not belong to the thread that made it.
void kill(Worker& worker, uint64_t seed) {
    worker.suspended = false;
    if (!TerminateThread(worker.thread, 0) ||
        WaitForSingleObject(worker.thread, progress_limit_ms) != WAIT_OBJECT_0)
        fail("TerminateThread");
    CloseHandle(worker.thread);
    check_answers();
    char* const memory = worker.memory;
    worker.memory = nullptr;
    if (memory)
        VirtualFree(memory, 0, MEM_RELEASE); // or it had just freed it itself
    start(worker, seed);
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

void CALLBACK count_call(ULONG_PTR worker) {
    InterlockedIncrement(&reinterpret_cast<Worker*>(worker)->calls);
}

// Waits until each running worker has finished a lap that it began after this call.
void others_must_go_on() {
    uint64_t goal[workers];
    for (size_t i = 0; i < workers; ++i)
        goal[i] = team[i].laps + 2;
    const ULONGLONG begin = GetTickCount64();
    for (size_t i = 0; i < workers; ++i) {
        while (!team[i].suspended && team[i].laps < goal[i]) {
            check_answers();
            if (GetTickCount64() - begin > progress_limit_ms)
                fail("a running thread makes no progress");
            Sleep(0);
        }
    }
}

struct Toll {
    size_t suspended = 0, killed = 0, called = 0;
};

void storm_round(Random& random, Toll& toll) {
    const uint32_t chosen = 1 + random.below((1u << workers) - 2);
    for (size_t i = 0; i < workers; ++i) {
        if (!(chosen & 1u << i))
            continue;
        toll.called += QueueUserAPC(count_call, team[i].thread,
                                    reinterpret_cast<ULONG_PTR>(&team[i])) != 0;
        suspend(team[i]);
        ++toll.suspended;
    }
    Worker& victim = team[random.below(workers)];
    if (victim.suspended && !victim.handling) {
        kill(victim, random.below(1u << 31));
        ++toll.killed;
    }
    others_must_go_on();
    for (Worker& worker : team)
        if (worker.suspended)
            resume(worker);
}

} // namespace

int main(int argc, char** argv) {
    const uint64_t seconds = argc > 1                       ? std::strtoull(argv[1], nullptr, 10)
                             : std::getenv("WW_TEST_LONG") != nullptr ? 90
                                                                      : 4;
    const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : GetTickCount64();
    std::printf("%zu threads, %llu seconds, seed %llu\n", workers,
                static_cast<unsigned long long>(seconds), static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    AddVectoredExceptionHandler(1, handle_fault);
    for (size_t i = 0; i < workers; ++i)
        start(team[i], seed + 1 + i);
    Random random(seed);
    Toll toll;
    for (const ULONGLONG end = GetTickCount64() + seconds * 1000; GetTickCount64() < end;)
        storm_round(random, toll);
    stop = 1;
    uint64_t laps = 0, faults = 0, calls = 0, overflows = 0;
    for (Worker& worker : team) {
        if (WaitForSingleObject(worker.thread, progress_limit_ms) != WAIT_OBJECT_0)
            fail("a thread does not end");
        laps += worker.laps;
        faults += static_cast<uint64_t>(worker.faults);
        calls += static_cast<uint64_t>(worker.calls);
        overflows += static_cast<uint64_t>(worker.overflows);
    }
    check_answers();
    std::printf("%zu suspended, %zu killed, %zu sent calls (%llu arrived), %llu faults handled, "
                "%llu stacks overflowed, %llu laps, all answers right\n",
                toll.suspended, toll.killed, toll.called, static_cast<unsigned long long>(calls),
                static_cast<unsigned long long>(faults),
                static_cast<unsigned long long>(overflows), static_cast<unsigned long long>(laps));
    return laps > 0 && faults > 0 && overflows > 0 && toll.killed > 0 ? 0 : 1;
}
