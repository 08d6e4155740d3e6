// SPDX-License-Identifier: MIT
//
// Each scenario's answer is known from Windows' documentation, or from Wine's
// own tests where those say what Windows does; never from what Wine does.
#include "modes.h"
#include "region.h"
#include "report.h"

#include <cstdint>
#include <cstring>

namespace {

constexpr size_t region_pages = 16;

// A file of twelve pages, gone when closed.
class TemporaryFile {
public:
    TemporaryFile() {
        char folder[MAX_PATH];
        char name[MAX_PATH];
        must(GetTempPathA(sizeof folder, folder) != 0, "GetTempPath");
        must(GetTempFileNameA(folder, "ww", 0, name) != 0, "GetTempFileName");
        file_ = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                            FILE_FLAG_DELETE_ON_CLOSE, nullptr);
        must(file_ != INVALID_HANDLE_VALUE, "CreateFile");
        const std::string content(12 * page_bytes, 'x');
        DWORD written;
        must(
            WriteFile(file_, content.data(), static_cast<DWORD>(content.size()), &written, nullptr),
            "WriteFile");
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { CloseHandle(file_); }

    void read_at(LONG offset, void* buffer, size_t bytes) {
        DWORD got;
        must(SetFilePointer(file_, offset, nullptr, FILE_BEGIN) != INVALID_SET_FILE_POINTER,
             "SetFilePointer");
        must(ReadFile(file_, buffer, static_cast<DWORD>(bytes), &got, nullptr), "ReadFile");
    }

private:
    HANDLE file_;
};

// What counts as a write.

std::string untouched(Region& region) {
    return dirty(region);
}

std::string only_read(Region& region) {
    region.load_all();
    return dirty(region);
}

std::string stored(Region& region) {
    region.store({9, 1, 3});
    return dirty(region);
}

std::string same_value_stored(Region& region) {
    volatile char* byte = region.page(5);
    *byte = *byte;
    return dirty(region);
}

std::string straddling_store(Region& region) {
    const uint64_t value = 1;
    std::memcpy(region.page(4) - 4, &value, sizeof value);
    return dirty(region);
}

DWORD WINAPI store_to_sixth(void* region) {
    static_cast<Region*>(region)->store({6});
    return 0;
}

std::string stored_by_another_thread(Region& region) {
    const HANDLE thread = CreateThread(nullptr, 0, store_to_sixth, &region, 0, nullptr);
    must(thread != nullptr, "CreateThread");
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    return dirty(region);
}

std::string read_file(Region& region) {
    TemporaryFile().read_at(0, region.page(5), 2 * page_bytes);
    return dirty(region);
}

// The whole buffer counts, also where the file ended early.
std::string short_read_file(Region& region) {
    TemporaryFile().read_at(12 * page_bytes - 10, region.page(5), 3 * page_bytes);
    return dirty(region);
}

std::string read_process_memory(Region& region) {
    const char source[100] = {};
    must(ReadProcessMemory(GetCurrentProcess(), source, region.page(7), sizeof source, nullptr),
         "ReadProcessMemory");
    return dirty(region);
}

std::string write_process_memory(Region& region) {
    const char source[100] = {};
    must(WriteProcessMemory(GetCurrentProcess(), region.page(7), source, sizeof source, nullptr),
         "WriteProcessMemory");
    return dirty(region);
}

std::string stored_to_code(Region& region) {
    region.protect(0, region_pages, PAGE_EXECUTE_READWRITE);
    region.store({2});
    return dirty(region);
}

// What a query resets.

std::string query_twice(Region& region) {
    region.store({1, 3});
    const std::string first = dirty(region);
    return first + " " + dirty(region);
}

std::string query_with_reset_twice(Region& region) {
    region.store({1, 3});
    const std::string first = dirty_then_reset(region);
    return first + " " + dirty_then_reset(region);
}

std::string stored_again_after_reset(Region& region) {
    region.store({1, 3});
    reset(region);
    region.store({3});
    return dirty(region);
}

std::string reset_of_a_part(Region& region) {
    region.store({1, 3, 4, 9});
    must(ResetWriteWatch(region.page(0), 4 * page_bytes) == 0, "ResetWriteWatch");
    return dirty(region);
}

std::string query_of_a_part(Region& region) {
    region.store({1, 3, 4, 9});
    const Answer part = query(region.page(2), 4 * page_bytes, WRITE_WATCH_FLAG_RESET);
    return text(region, part) + " " + dirty(region);
}

std::string unaligned_part(Region& region) {
    region.store({1, 2, 3});
    return text(region, query(region.page(2) + 100, 1));
}

std::string small_capacity(Region& region) {
    region.store({1, 3, 5, 7, 9});
    const std::string first = dirty_then_reset(region, 2);
    const std::string second = dirty_then_reset(region, 2);
    return first + " " + second + " " + dirty_then_reset(region, 2);
}

std::string small_capacity_without_reset(Region& region) {
    region.store({1, 3, 5, 7, 9});
    const Answer two = query(region, 0, 2);
    return text(region, two) + " " + dirty(region);
}

std::string many_alternating(Region&) {
    Region large(2048);
    for (size_t number = 1; number < large.pages(); number += 2)
        large.store({number});
    const Answer answer = query(large);
    for (size_t i = 0; i < answer.addresses.size(); ++i)
        if (large.page_number(answer.addresses[i]) != 2 * i + 1)
            return "a wrong page among them";
    return std::to_string(answer.addresses.size()) + " pages";
}

// What happens to the memory meanwhile.

std::string read_only_and_back(Region& region) {
    region.store({2});
    region.protect(0, region_pages, PAGE_READONLY);
    const std::string while_read_only = dirty(region);
    region.protect(0, region_pages, PAGE_READWRITE);
    return while_read_only + " " + dirty(region);
}

std::string reset_while_no_access(Region& region) {
    region.store({2});
    region.protect(0, region_pages, PAGE_NOACCESS);
    const std::string while_no_access = dirty_then_reset(region);
    region.protect(0, region_pages, PAGE_READWRITE);
    region.store({3});
    return while_no_access + " " + dirty(region);
}

std::string decommitted(Region& region) {
    region.store({1, 2, 3});
    region.decommit(2, 1);
    return dirty(region);
}

std::string all_decommitted(Region& region) {
    region.store({1, 2, 3});
    region.decommit_all();
    return dirty(region);
}

std::string committed_again(Region& region) {
    region.store({1, 2, 3});
    region.decommit(2, 1);
    region.commit(2, 1);
    return dirty(region);
}

std::string stored_after_commit(Region& region) {
    region.decommit(2, 4);
    region.commit(2, 4);
    region.store({3});
    const std::string first = dirty_then_reset(region);
    region.store({4});
    return first + " " + dirty(region);
}

std::string only_reserved(Region&) {
    Region reserved(region_pages, Region::watched_reserve);
    return dirty(reserved);
}

std::string partly_committed(Region&) {
    Region reserved(region_pages, Region::watched_reserve);
    reserved.commit(3, 2);
    reserved.commit(10, 1);
    reserved.store({4, 10});
    return dirty(reserved);
}

// The same address again, so far as Windows hands it out.
std::string address_reused(Region&) {
    Region before(region_pages);
    void* const base = before.base();
    before.store_all();
    before.release();
    Region after(region_pages, Region::watched, PAGE_READWRITE, base);
    must(after.base() == base, "VirtualAlloc at a released address");
    const std::string first = dirty(after);
    after.store({1});
    return first + " " + dirty(after);
}

std::string address_reused_unwatched(Region&) {
    Region before(region_pages);
    void* const base = before.base();
    before.release();
    Region after(region_pages, Region::unwatched, PAGE_READWRITE, base);
    must(after.base() == base, "VirtualAlloc at a released address");
    return dirty(after);
}

// What is refused.

std::string unwatched_memory(Region&) {
    return dirty(Region(region_pages, Region::unwatched));
}

std::string count_zero(Region& region) {
    return text(region, query(region, 0, 0));
}

std::string unknown_flag(Region& region) {
    return text(region, query(region, 0x80));
}

std::string past_the_end(Region& region) {
    return text(region, query(region.base(), region_pages * page_bytes + 1));
}

std::string no_array(Region& region) {
    ULONG_PTR count = 1;
    DWORD granularity;
    const UINT failed = GetWriteWatch(0, region.base(), page_bytes, nullptr, &count, &granularity);
    return failed != 0 ? error_name(GetLastError()) : "success";
}

struct Scenario {
    const char* name;
    const char* expected;
    std::string (*run)(Region&);
};

constexpr Scenario scenarios[] = {
    {"untouched", "{}", untouched},
    {"only read", "{}", only_read},
    {"written", "{1 3 9}", stored},
    {"written with the value it had", "{5}", same_value_stored},
    {"one store over two pages", "{3 4}", straddling_store},
    {"written by another thread", "{6}", stored_by_another_thread},
    {"written by ReadFile", "{5 6}", read_file},
    {"ReadFile of 10 bytes, 3 page buffer", "{5 6 7}", short_read_file},
    {"written by ReadProcessMemory", "{7}", read_process_memory},
    {"written by WriteProcessMemory", "{7}", write_process_memory},
    {"written, executable", "{2}", stored_to_code},

    {"query, query", "{1 3} {1 3}", query_twice},
    {"query with reset, query", "{1 3} {}", query_with_reset_twice},
    {"written again after a reset", "{3}", stored_again_after_reset},
    {"pages 0-3 reset", "{4 9}", reset_of_a_part},
    {"pages 2-5 queried with reset", "{3 4} {1 9}", query_of_a_part},
    {"one byte in page 2 queried", "{2}", unaligned_part},
    {"room for 2, with reset, 3 times", "{1 3} {5 7} {9}", small_capacity},
    {"room for 2, then for all", "{1 3} {1 3 5 7 9}", small_capacity_without_reset},
    {"every other page of 2048", "1024 pages", many_alternating},

    {"read-only, and back", "{2} {2}", read_only_and_back},
    {"reset while no access, written", "{2} {3}", reset_while_no_access},
    {"one page decommitted", "{1 3}", decommitted},
    {"all decommitted", "{}", all_decommitted},
    {"decommitted, committed again", "{1 3}", committed_again},
    {"written after committed again", "{3} {4}", stored_after_commit},
    {"only reserved", "{}", only_reserved},
    {"committed in parts", "{4 10}", partly_committed},
    {"released, allocated again", "{} {1}", address_reused},
    {"the same, not watched", "INVALID_PARAMETER", address_reused_unwatched},

    {"memory not watched", "INVALID_PARAMETER", unwatched_memory},
    {"room for none", "INVALID_PARAMETER", count_zero},
    {"unknown flag", "INVALID_PARAMETER", unknown_flag},
    {"one byte past the end", "INVALID_PARAMETER", past_the_end},
    {"no result array", "NOACCESS", no_array},
};

// Never touched, and written once but clean again: the kernel holds these
// differently, Windows' answer is the same.
std::string run_fresh(const Scenario& scenario) {
    Region region(region_pages);
    must(region.base() != nullptr, "VirtualAlloc(MEM_WRITE_WATCH)");
    return scenario.run(region);
}

std::string run_used(const Scenario& scenario) {
    Region region(region_pages);
    must(region.base() != nullptr, "VirtualAlloc(MEM_WRITE_WATCH)");
    region.store_all();
    reset(region);
    return scenario.run(region);
}

} // namespace

void run_scenarios() {
    for (const Scenario& scenario : scenarios) {
        const std::string fresh = run_fresh(scenario);
        const std::string used = run_used(scenario);
        report_scenario(scenario.name, scenario.expected,
                        fresh == used ? fresh : fresh + ", used " + used);
    }
}
