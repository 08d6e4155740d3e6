// SPDX-License-Identifier: MIT
// Every second page of a million is written. Stock Wine changes the protection
// of each, which makes it a mapping of its own; at 65,530 of them (vm.max_map_count)
// the kernel refuses, Wine takes that for success, and the store faults for ever.
//
//     many_mappings [pages]
//
// With WW_TEST_STOCK=1 getting stuck is what is expected. The work is done by a
// second instance: without mappings to spare it cannot even end in order.
#include <windows.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr size_t page_bytes = 4096;
constexpr int patience_seconds = 5; // without a single page

struct Job {
    char* memory;
    size_t pages;
    volatile LONG written = 0;
};

DWORD WINAPI write_every_second(void* argument) {
    Job& job = *static_cast<Job*>(argument);
    for (size_t page = 0; page < job.pages; page += 2) {
        *static_cast<volatile char*>(job.memory + page * page_bytes) = 1;
        job.written = job.written + 1;
    }
    return 0;
}

// False when nothing has moved for a while.
bool wait_for(HANDLE thread, const Job& job) {
    LONG before = -1;
    for (int idle = 0; idle < patience_seconds; ++idle) {
        if (WaitForSingleObject(thread, 1000) == WAIT_OBJECT_0)
            return true;
        if (job.written != before)
            idle = -1;
        before = job.written;
    }
    return false;
}

// How many addresses of the answer are not those of the next written page.
size_t mistakes(const Job& job) {
    std::vector<void*> found(job.pages);
    ULONG_PTR count = found.size();
    DWORD granularity;
    if (GetWriteWatch(WRITE_WATCH_FLAG_RESET, job.memory, job.pages * page_bytes, found.data(),
                      &count, &granularity) != 0)
        return job.pages;
    const size_t expected = (job.pages + 1) / 2;
    size_t wrong = count > expected ? count - expected : expected - count;
    for (size_t i = 0; i < count && i < expected; ++i)
        wrong += found[i] != job.memory + 2 * i * page_bytes;
    return wrong;
}

enum Verdict : DWORD { all_right, wrong_answer, stuck, verdicts };

// An event for each verdict, by the id of the process that wants to know.
std::string event_name(const std::string& parent, DWORD verdict) {
    return "many-mappings-" + parent + "-" + std::to_string(verdict);
}

[[noreturn]] void pronounce(const std::string& parent, Verdict verdict) {
    std::fflush(stdout);
    const HANDLE event =
        OpenEventA(EVENT_MODIFY_STATE, FALSE, event_name(parent, verdict).c_str());
    if (event)
        SetEvent(event);
    Sleep(INFINITE); // the parent ends it
    std::abort();
}

[[noreturn]] void work(const std::string& parent, size_t pages) {
    Job job{};
    job.pages = pages;
    job.memory = static_cast<char*>(VirtualAlloc(
        nullptr, pages * page_bytes, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE));
    if (!job.memory)
        pronounce(parent, wrong_answer);
    const HANDLE thread = CreateThread(nullptr, 0, write_every_second, &job, 0, nullptr);
    const bool done = wait_for(thread, job);
    std::printf("%ld pages written%s\n", static_cast<long>(job.written), done ? "" : ", then stuck");
    if (!done)
        pronounce(parent, stuck);
    const size_t wrong = mistakes(job);
    std::printf("%zu mistakes in the answer\n", wrong);
    pronounce(parent, wrong == 0 ? all_right : wrong_answer);
}

DWORD verdict_of_child(size_t pages) {
    const std::string parent = std::to_string(GetCurrentProcessId());
    HANDLE events[verdicts];
    for (DWORD verdict = 0; verdict < verdicts; ++verdict)
        events[verdict] = CreateEventA(nullptr, TRUE, FALSE, event_name(parent, verdict).c_str());
    char program[MAX_PATH];
    GetModuleFileNameA(nullptr, program, sizeof(program));
    std::string command =
        std::string("\"") + program + "\" " + std::to_string(pages) + " " + parent;
    STARTUPINFOA startup = {};
    startup.cb = sizeof(startup);
    PROCESS_INFORMATION child = {};
    if (!CreateProcessA(nullptr, command.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr,
                        &startup, &child))
        return verdicts;
    const DWORD verdict = WaitForMultipleObjects(verdicts, events, FALSE, 90'000) - WAIT_OBJECT_0;
    TerminateProcess(child.hProcess, 1);
    return verdict;
}

} // namespace

int main(int argc, char** argv) {
    const size_t pages = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    if (argc > 2)
        work(argv[2], pages);
    const char* stock = std::getenv("WW_TEST_STOCK");
    const Verdict expected = stock != nullptr && stock[0] == '1' ? stuck : all_right;
    return verdict_of_child(pages) == DWORD{expected} ? 0 : 1;
}
