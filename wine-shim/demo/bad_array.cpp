// SPDX-License-Identifier: MIT
//
// A query whose result array is read-only must fail, lose nothing, and leave
// everybody else alone. Stock Wine leaves a global lock held by the thread that
// asked, and every other thread then waits in VirtualAlloc for ever.
#include "modes.h"
#include "region.h"
#include "report.h"

namespace {

constexpr DWORD patience_ms = 2000;

struct Bystander {
    HANDLE start = CreateEventA(nullptr, TRUE, FALSE, nullptr);
    HANDLE done = CreateEventA(nullptr, TRUE, FALSE, nullptr);
};

DWORD WINAPI allocate_when_told(void* argument) {
    const auto* bystander = static_cast<const Bystander*>(argument);
    WaitForSingleObject(bystander->start, INFINITE);
    Region(1, Region::unwatched);
    SetEvent(bystander->done);
    return 0;
}

std::string query_into(void* array, const Region& region) {
    ULONG_PTR count = 8;
    DWORD granularity = 0;
    const UINT failed =
        GetWriteWatch(WRITE_WATCH_FLAG_RESET, region.base(), region.pages() * page_bytes,
                      static_cast<void**>(array), &count, &granularity);
    return failed != 0 ? error_name(GetLastError()) : "success";
}

} // namespace

void run_bad_array() {
    // Before the query: afterwards a thread could not even be created.
    static Bystander bystander;
    const HANDLE thread = CreateThread(nullptr, 0, allocate_when_told, &bystander, 0, nullptr);
    must(thread != nullptr, "CreateThread");

    const Region region(16);
    const Region array(1, Region::unwatched, PAGE_READONLY);
    must(region.base() != nullptr && array.base() != nullptr, "VirtualAlloc");
    region.store({1, 3});

    const std::string error = query_into(array.base(), region);
    const std::string kept = dirty(region);
    SetEvent(bystander.start);
    const bool went_on = WaitForSingleObject(bystander.done, patience_ms) == WAIT_OBJECT_0;

    report_scenario("read-only result array", "NOACCESS {1 3}", error + " " + kept);
    report_scenario("... another thread's VirtualAlloc", "works", went_on ? "works" : "hangs");
    // Not by return: leaving main would wait for what the other thread holds.
    TerminateProcess(GetCurrentProcess(), 0);
    __builtin_unreachable();
}
