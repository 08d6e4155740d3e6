// SPDX-License-Identifier: MIT
// A query that cannot store what it found: refused, nothing lost, nobody stuck.
// Stock Wine stores under its global lock and leaves it locked for good when the
// store faults, so each experiment runs in a child that can be given up.
#include "probe.h"
#include "support.h"

#include <cstring>
#include <string>

namespace {

constexpr size_t pages = page_bytes / sizeof(void*) + 88; // whose addresses need two pages
constexpr size_t results_bytes = 2 * page_bytes;
constexpr char probe_switch[] = "--probe=";

// All of them start out fine: room for all addresses, and the outputs on a page of their own.
struct Outputs {
    char* const results = static_cast<char*>(
        VirtualAlloc(nullptr, results_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
    char* const scalars = static_cast<char*>(
        VirtualAlloc(nullptr, page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
    void** addresses = reinterpret_cast<void**>(results);
    ULONG_PTR* count = reinterpret_cast<ULONG_PTR*>(scalars);
    DWORD granularity_room = 0;
    DWORD* granularity = &granularity_room;
};

void make(void* base, size_t bytes, DWORD protection) {
    DWORD before;
    VirtualProtect(base, bytes, protection, &before);
}

struct Probe {
    const char* name;
    void (*spoil)(Outputs&);
};

const Probe probes[] = {
    {"read-only-addresses", [](Outputs& o) { make(o.results, results_bytes, PAGE_READONLY); }},
    {"second-half-of-addresses-inaccessible",
     [](Outputs& o) { make(o.results + page_bytes, page_bytes, PAGE_NOACCESS); }},
    {"addresses-nowhere", [](Outputs& o) { o.addresses = reinterpret_cast<void**>(0x1000); }},
    {"read-only-count", [](Outputs& o) { make(o.scalars, page_bytes, PAGE_READONLY); }},
    {"read-only-granularity",
     [](Outputs& o) {
         o.granularity = static_cast<DWORD*>(
             VirtualAlloc(nullptr, page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY));
     }},
};

// What the child finds, and its exit code. A child that does not end hangs.
enum Outcome : DWORD { refused_and_nothing_lost = 0, wrong_error = 2, pages_lost = 3, hangs = 4 };

DWORD WINAPI allocate_and_free(void*) {
    for (int i = 0; i < 10; ++i)
        VirtualFree(VirtualAlloc(nullptr, page_bytes, MEM_RESERVE, PAGE_READWRITE), 0, MEM_RELEASE);
    return 0;
}

Outcome observe(const Probe& probe) {
    char* const memory = static_cast<char*>(VirtualAlloc(
        nullptr, pages * page_bytes, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE));
    for (size_t page = 0; page < pages; ++page)
        *static_cast<volatile char*>(memory + page * page_bytes) = 1;

    Outputs bad;
    *bad.count = pages;
    probe.spoil(bad);
    const UINT failed = GetWriteWatch(WRITE_WATCH_FLAG_RESET, memory, pages * page_bytes,
                                      bad.addresses, bad.count, bad.granularity);
    if (failed != ~0u || GetLastError() != ERROR_NOACCESS)
        return wrong_error;

    WaitForSingleObject(CreateThread(nullptr, 0, allocate_and_free, nullptr, 0, nullptr), INFINITE);

    static void* found[pages];
    ULONG_PTR count = pages;
    DWORD granularity;
    if (GetWriteWatch(0, memory, pages * page_bytes, found, &count, &granularity) != 0)
        return wrong_error;
    return count == pages ? refused_and_nothing_lost : pages_lost;
}

Outcome observe_in_child(const char* name) {
    char program[MAX_PATH];
    REQUIRE(GetModuleFileNameA(nullptr, program, sizeof(program)));
    std::string command = std::string("\"") + program + "\" " + probe_switch + name;
    STARTUPINFOA startup = {};
    startup.cb = sizeof(startup);
    PROCESS_INFORMATION child = {};
    REQUIRE(CreateProcessA(nullptr, command.data(), nullptr, nullptr, FALSE, 0, nullptr, nullptr,
                           &startup, &child));

    // On stock Wine the time is spent whole; with the plugin a hang is an error
    // and only an overloaded machine takes long.
    DWORD code = hangs;
    if (WaitForSingleObject(child.hProcess, on_stock_wine() ? 2000 : 20000) == WAIT_OBJECT_0)
        GetExitCodeProcess(child.hProcess, &code);
    else
        TerminateProcess(child.hProcess, hangs);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return static_cast<Outcome>(code);
}

void check(const char* name) {
    const Outcome expected = windows_says(
        refused_and_nothing_lost,
        stock_wrong(hangs, "every other thread hangs in its next VirtualAlloc (8.0, measured; "
                           "11.10 has the same structure)"));
    CHECK(DWORD{observe_in_child(name)} == DWORD{expected});
}

} // namespace

const char* probe_named_in(int argc, char** argv) {
    constexpr size_t length = sizeof(probe_switch) - 1;
    return argc > 1 && std::strncmp(argv[1], probe_switch, length) == 0 ? argv[1] + length
                                                                        : nullptr;
}

int run_probe(const char* name) {
    for (const Probe& probe : probes)
        if (std::strcmp(probe.name, name) == 0)
            return observe(probe);
    return 1;
}

TEST_CASE("read-only result array: access violation, nothing reset, nobody stuck") {
    check("read-only-addresses");
}

TEST_CASE("result array that ends too early: access violation, nothing reset, nobody stuck") {
    check("second-half-of-addresses-inaccessible");
}

TEST_CASE("result array at no memory: access violation, nothing reset, nobody stuck") {
    check("addresses-nowhere");
}

TEST_CASE("read-only count: access violation, nothing reset, nobody stuck") {
    check("read-only-count");
}

TEST_CASE("read-only granularity: access violation, nothing reset, nobody stuck") {
    check("read-only-granularity");
}
