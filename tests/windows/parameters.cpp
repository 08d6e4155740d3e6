// SPDX-License-Identifier: MIT
// What is refused, with which status, and in which order it is looked at.
// Rows marked T are required by Wine's kernel32/tests/virtual.c, test_write_watch.
#include "support.h"

namespace {

constexpr size_t pages = 8;
constexpr DWORD invalid = STATUS_INVALID_PARAMETER;
constexpr DWORD violation = STATUS_ACCESS_VIOLATION;

struct Arguments {
    DWORD flags;
    char* base;
    SIZE_T bytes;
    void** addresses;
    ULONG_PTR* count;
    DWORD* granularity;
};

struct Refusal {
    const char* what;
    DWORD status;
    void (*spoil)(Arguments&);
    DWORD thunks_status = status;
};

void* image() {
    return GetModuleHandleA(nullptr);
}

void* unwatched() {
    static void* const memory =
        VirtualAlloc(nullptr, pages * page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    return memory;
}

const Refusal query_refusals[] = {
    {"no base (T)", invalid, [](Arguments& a) { a.base = nullptr; }},
    {"an image (T)", invalid, [](Arguments& a) { a.base = static_cast<char*>(image()); }},
    {"unwatched memory", invalid, [](Arguments& a) { a.base = static_cast<char*>(unwatched()); }},
    {"size 0 (T)", invalid, [](Arguments& a) { a.bytes = 0; }},
    {"twice the size (T)", invalid, [](Arguments& a) { a.bytes *= 2; }},
    {"one byte over the end (T)", invalid, [](Arguments& a) { a.bytes += 1; }},
    {"one byte over the end, from the last page (T)", invalid,
     [](Arguments& a) {
         a.base += a.bytes - page_bytes;
         a.bytes = page_bytes + 1;
     }},
    {"begins before the allocation", invalid, [](Arguments& a) { a.base -= page_bytes; }},
    {"wraps round the address space (T)", invalid, [](Arguments& a) { a.bytes = ~SIZE_T{0}; }},
    {"ends where the address space does", invalid,
     [](Arguments& a) { a.bytes = 0 - reinterpret_cast<SIZE_T>(a.base); }},
    {"flags 0xdeadbeef (T)", invalid, [](Arguments& a) { a.flags = 0xdeadbeef; }},
    {"an unknown flag beside reset", invalid, [](Arguments& a) { a.flags |= 2; }},
    {"count of 0 (T)", invalid, [](Arguments& a) { *a.count = 0; }},
    {"no count (T)", violation, [](Arguments& a) { a.count = nullptr; }},
    {"no granularity (T)", violation, [](Arguments& a) { a.granularity = nullptr; }},
    {"no addresses (T)", violation, [](Arguments& a) { a.addresses = nullptr; }},

    // The order: count and granularity, count of 0 and size 0, flags, addresses, range.
    {"no count comes before flags", violation,
     [](Arguments& a) {
         a.count = nullptr;
         a.flags = 0xdeadbeef;
     }},
    {"no granularity comes before a count of 0", violation,
     [](Arguments& a) {
         a.granularity = nullptr;
         *a.count = 0;
     },
     invalid},
    {"no granularity comes before size 0", violation,
     [](Arguments& a) {
         a.granularity = nullptr;
         a.bytes = 0;
     },
     invalid},
    {"count of 0 comes before no addresses (T)", invalid,
     [](Arguments& a) {
         *a.count = 0;
         a.addresses = nullptr;
     }},
    {"size 0 comes before no addresses", invalid,
     [](Arguments& a) {
         a.bytes = 0;
         a.addresses = nullptr;
     }},
    {"flags come before no addresses", invalid,
     [](Arguments& a) {
         a.flags = 0xdeadbeef;
         a.addresses = nullptr;
     }},
    {"no addresses comes before unwatched memory", violation,
     [](Arguments& a) {
         a.addresses = nullptr;
         a.base = static_cast<char*>(unwatched());
     }},
};

const Refusal reset_refusals[] = {
    {"size 0 (T)", invalid, [](Arguments& a) { a.bytes = 0; }},
    {"no base", invalid, [](Arguments& a) { a.base = nullptr; }},
    {"an image (T)", invalid, [](Arguments& a) { a.base = static_cast<char*>(image()); }},
    {"unwatched memory", invalid, [](Arguments& a) { a.base = static_cast<char*>(unwatched()); }},
    {"one byte over the end", invalid, [](Arguments& a) { a.bytes += 1; }},
    {"twice the size", invalid, [](Arguments& a) { a.bytes *= 2; }},
    {"begins before the allocation", invalid, [](Arguments& a) { a.base -= page_bytes; }},
    {"wraps round the address space", invalid, [](Arguments& a) { a.bytes = ~SIZE_T{0}; }},
};

DWORD last_error_of(DWORD status) {
    return status == violation ? ERROR_NOACCESS : ERROR_INVALID_PARAMETER;
}

// An argument list that would succeed, and would reset page 3.
struct Call {
    Watched memory{pages};
    void* const stale = reinterpret_cast<void*>(0x5a5a5a5a);
    void* addresses[pages];
    ULONG_PTR count = pages;
    DWORD granularity = 0x5a5a5a5a;
    Arguments arguments{
        WRITE_WATCH_FLAG_RESET, memory.at(0), memory.bytes(), addresses, &count, &granularity};
    ULONG_PTR count_passed = pages;

    explicit Call(const Refusal& row) {
        for (void*& address : addresses)
            address = stale;
        memory.write({3});
        row.spoil(arguments);
        count_passed = count;
    }

    void check_nothing_happened() const {
        CHECK(count == count_passed);
        CHECK(granularity == 0x5a5a5a5a);
        for (void* address : addresses)
            CHECK(address == stale);
        CHECK(memory.written() == Pages{3});
    }
};

} // namespace

TEST_CASE("NtGetWriteWatch: a bad argument gives its status and changes nothing") {
    for (const Refusal& row : query_refusals) {
        CAPTURE(row.what);
        const Call call(row);
        const Arguments& a = call.arguments;
        CHECK(native().get(GetCurrentProcess(), a.flags, a.base, a.bytes, a.addresses, a.count,
                           a.granularity) == thunks_say(row.thunks_status, row.status));
        call.check_nothing_happened();
    }
}

TEST_CASE("GetWriteWatch: a bad argument gives ~0, its last error, and changes nothing") {
    for (const Refusal& row : query_refusals) {
        CAPTURE(row.what);
        const Call call(row);
        const Arguments& a = call.arguments;
        SetLastError(ERROR_SUCCESS);
        CHECK(GetWriteWatch(a.flags, a.base, a.bytes, a.addresses, a.count, a.granularity) == ~0u);
        CHECK(GetLastError() == last_error_of(thunks_say(row.thunks_status, row.status)));
        call.check_nothing_happened();
    }
}

TEST_CASE("NtResetWriteWatch: a bad argument gives its status and resets nothing") {
    for (const Refusal& row : reset_refusals) {
        CAPTURE(row.what);
        const Call call(row);
        const Arguments& a = call.arguments;
        CHECK(native().reset(GetCurrentProcess(), a.base, a.bytes) == row.status);
        CHECK(call.memory.written() == Pages{3});
    }
}

TEST_CASE("ResetWriteWatch: a bad argument gives ~0, its last error, and resets nothing") {
    for (const Refusal& row : reset_refusals) {
        CAPTURE(row.what);
        const Call call(row);
        const Arguments& a = call.arguments;
        SetLastError(ERROR_SUCCESS);
        CHECK(ResetWriteWatch(a.base, a.bytes) == ~0u);
        CHECK(GetLastError() == last_error_of(row.status));
        CHECK(call.memory.written() == Pages{3});
    }
}

TEST_CASE("query: a section view is not watched") {
    const HANDLE section =
        CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, page_bytes, nullptr);
    void* const view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    REQUIRE(view);
    CHECK(query_error(view) == ERROR_INVALID_PARAMETER);
    UnmapViewOfFile(view);
    CloseHandle(section);
}

TEST_CASE("query: a range over two watched allocations side by side is invalid") {
    // Wine: one view each, and a range has to lie in one view.
    constexpr size_t half = 0x10000;
    char* const place =
        static_cast<char*>(VirtualAlloc(nullptr, 2 * half, MEM_RESERVE, PAGE_NOACCESS));
    REQUIRE(VirtualFree(place, 0, MEM_RELEASE));
    constexpr DWORD type = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;
    const Watched low(VirtualAlloc(place, half, type, PAGE_READWRITE), half / page_bytes);
    const Watched high(VirtualAlloc(place + half, half, type, PAGE_READWRITE), half / page_bytes);

    void* found[2];
    ULONG_PTR count = 2;
    DWORD granularity;
    CHECK(GetWriteWatch(0, place, 2 * half, found, &count, &granularity) == ~0u);
    CHECK(GetLastError() == ERROR_INVALID_PARAMETER);
    CHECK(ResetWriteWatch(place + half - page_bytes, page_bytes + 1) == ~0u);

    high.write({0});
    CHECK(low.written() == Pages{});
    CHECK(high.written() == Pages{0});
}

TEST_CASE("query: an unaligned base stands for its page") {
    // The size is rounded out from the base, so even size 0 is one page (Wine 8.0,
    // measured); its thunks look at the size first.
    const Watched memory(pages);
    memory.write({2, 3, 4});
    struct Row {
        size_t offset;
        SIZE_T bytes;
        ULONG_PTR expected;
    };
    for (const Row& row : {Row{100, 1, 1}, Row{100, 0, 1}, Row{4095, 1, 1}, Row{4095, 2, 2},
                           Row{1, 2 * page_bytes, 3}, Row{100, page_bytes - 100, 1}}) {
        CAPTURE(row.offset);
        CAPTURE(row.bytes);
        void* found[pages];
        ULONG_PTR count = pages;
        DWORD granularity = 0;
        const UINT failed =
            GetWriteWatch(0, memory.at(2, row.offset), row.bytes, found, &count, &granularity);
        REQUIRE((failed != 0) == (on_thunks && row.bytes == 0));
        if (failed)
            continue;
        REQUIRE(count == row.expected);
        for (size_t i = 0; i < count; ++i)
            CHECK(found[i] == memory.at(2 + i));
    }
}

#if defined(_WIN64) || !defined(_WIN32)
TEST_CASE("query and reset: a size of nearly all addresses is invalid from anywhere in a page") {
    // The sum of offset and size wraps: to stock Wine it is one page (8.0, measured).
    const Watched memory(pages);
    memory.write({3});
    void* found[pages];
    ULONG_PTR count = pages;
    DWORD granularity;
    const UINT failed = GetWriteWatch(WRITE_WATCH_FLAG_RESET, memory.at(3, 5), ~SIZE_T{0}, found,
                                      &count, &granularity);
    CHECK(failed == windows_says(~0u, stock_wrong(0u, "answers for one page")));
    memory.write({3});
    CHECK(ResetWriteWatch(memory.at(3, 5), ~SIZE_T{0}) == failed);
    CHECK(memory.written() == windows_says(Pages{3}, stock_wrong(Pages{}, "resets one page")));
}
#endif

TEST_CASE("reset: an unaligned range stands for all pages that it touches") {
    const Watched memory(pages);
    memory.write_all();
    REQUIRE(ResetWriteWatch(memory.at(2, 4095), 2) == 0);
    CHECK(memory.written() == Pages{0, 1, 4, 5, 6, 7});
}

namespace {

struct AllocationRefusal {
    const char* what;
    DWORD type;
    DWORD protect;
    DWORD status; // every one of them is error 87 to VirtualAlloc
};

constexpr DWORD watched = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;
constexpr DWORD protection = 0xC0000045;  // STATUS_INVALID_PAGE_PROTECTION
constexpr DWORD placeholder = 0x00040000; // MEM_RESERVE_PLACEHOLDER, newer than these headers

const AllocationRefusal allocation_refusals[] = {
    {"write watch alone (T)", MEM_WRITE_WATCH, PAGE_READWRITE, invalid},
    {"large pages", watched | MEM_LARGE_PAGES, PAGE_READWRITE, invalid},
    {"physical pages", MEM_RESERVE | MEM_PHYSICAL | MEM_WRITE_WATCH, PAGE_READWRITE, invalid},
    {"undo of a reset", MEM_RESET_UNDO | MEM_WRITE_WATCH, PAGE_READWRITE, invalid},
    {"a placeholder", MEM_RESERVE | placeholder | MEM_WRITE_WATCH, PAGE_NOACCESS, invalid},
    {"an unknown flag", watched | 0x80000000, PAGE_READWRITE, invalid},
    {"write copy", watched, PAGE_WRITECOPY, protection},
    {"executable write copy", watched, PAGE_EXECUTE_WRITECOPY, protection},
    {"no protection at all", watched, 0, protection},
    {"two protections", watched, PAGE_READWRITE | PAGE_NOACCESS, protection},
};

// Microsoft, on VirtualAlloc: MEM_WRITE_WATCH asks for MEM_RESERVE beside it,
// and MEM_RESET cannot be used with any other value. Wine 8.0 (measured) lets
// both pass.
const AllocationRefusal passed_by_wine[] = {
    {"write watch and commit", MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE, invalid},
    {"write watch and reset", MEM_RESET | MEM_WRITE_WATCH, PAGE_READWRITE, invalid},
    {"everything and reset", watched | MEM_RESET, PAGE_READWRITE, invalid},
};

void check_refused(const AllocationRefusal& row, void* place) {
    CAPTURE(row.what);
    void* base = place;
    SIZE_T bytes = page_bytes;
    CHECK(native().allocate(GetCurrentProcess(), &base, 0, &bytes, row.type, row.protect) ==
          row.status);
    CHECK(base == place);
    CHECK(bytes == page_bytes);
    SetLastError(ERROR_SUCCESS);
    CHECK(VirtualAlloc(place, page_bytes, row.type, row.protect) == nullptr);
    CHECK(GetLastError() == ERROR_INVALID_PARAMETER);
    SetLastError(ERROR_SUCCESS);
    CHECK(VirtualAllocEx(GetCurrentProcess(), place, page_bytes, row.type, row.protect) == nullptr);
    CHECK(GetLastError() == ERROR_INVALID_PARAMETER);
}

} // namespace

TEST_CASE("allocation: combinations that cannot be watched are refused, outputs untouched") {
    for (const AllocationRefusal& row : allocation_refusals)
        check_refused(row, nullptr);
}

TEST_CASE("allocation: write watch without reserve, or with reset, is refused") {
    const Watched memory(pages);
    memory.write({3});
    for (const AllocationRefusal& row : passed_by_wine) {
        if (on_stock_wine()) {
            announce_stock_error("lets write watch pass where nothing is reserved (8.0, measured)");
            CHECK(VirtualAlloc(nullptr, page_bytes, row.type, row.protect) != nullptr);
            continue;
        }
        check_refused(row, nullptr);
        check_refused(row, memory.at(0));
    }
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("allocation: a size or place that cannot be is refused with its status") {
    struct Row {
        const char* what;
        ULONG_PTR base;
        SIZE_T bytes;
        ULONG_PTR zero_bits;
        DWORD status;
    };
    constexpr DWORD invalid_zero_bits = 0xC00000F1; // STATUS_INVALID_PARAMETER_3
    for (const Row& row : {
             Row{"size 0", 0, 0, 0, invalid},
             Row{"below 64 KiB", 1, page_bytes, 0, invalid},
             Row{"zero bits that no address has", 0, page_bytes, 22, invalid_zero_bits},
         }) {
        CAPTURE(row.what);
        auto* base = reinterpret_cast<void*>(row.base);
        SIZE_T bytes = row.bytes;
        CHECK(native().allocate(GetCurrentProcess(), &base, row.zero_bits, &bytes, watched,
                                PAGE_READWRITE) == row.status);
        CHECK(base == reinterpret_cast<void*>(row.base));
        CHECK(bytes == row.bytes);
    }
}

TEST_CASE("calls that succeed leave the last error alone") {
    const Watched memory(pages);
    memory.write({3});
    void* found[pages];
    ULONG_PTR count = pages;
    DWORD granularity = 0;
    SetLastError(0xdeadbeef);
    REQUIRE(GetWriteWatch(WRITE_WATCH_FLAG_RESET, memory.at(0), memory.bytes(), found, &count,
                          &granularity) == 0);
    CHECK(GetLastError() == 0xdeadbeef);
    REQUIRE(ResetWriteWatch(memory.at(0), memory.bytes()) == 0);
    CHECK(GetLastError() == 0xdeadbeef);
    DWORD before = 0;
    REQUIRE(VirtualProtect(memory.at(0), page_bytes, PAGE_READONLY, &before));
    CHECK(GetLastError() == 0xdeadbeef);
    REQUIRE(VirtualFree(memory.at(0), page_bytes, MEM_DECOMMIT));
    CHECK(GetLastError() == 0xdeadbeef);
}
