// SPDX-License-Identifier: MIT
// VirtualProtect and guard pages beside write watches.
#include "support.h"

namespace {

constexpr size_t pages = 16;

// Answers guard-page exceptions, as the handlers of stack probes and of old
// virtual machines do: notes them, stores if asked, and lets the access go on.
struct GuardHandler {
    static inline int fired = 0;
    static inline volatile char* store_to = nullptr;

    static LONG CALLBACK handle(EXCEPTION_POINTERS* exception) {
        if (exception->ExceptionRecord->ExceptionCode != STATUS_GUARD_PAGE_VIOLATION)
            return EXCEPTION_CONTINUE_SEARCH;
        ++fired;
        if (store_to)
            *store_to = 2;
        return EXCEPTION_CONTINUE_EXECUTION;
    }

    void* const registration = AddVectoredExceptionHandler(TRUE, handle);

    explicit GuardHandler(volatile char* store = nullptr) {
        fired = 0;
        store_to = store;
    }
    ~GuardHandler() { RemoveVectoredExceptionHandler(registration); }
};

char load(const char* from) {
    return *static_cast<const volatile char*>(from);
}

} // namespace

TEST_CASE("protect and back: neither marks nor clears") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(pages);
    memory.write({2, 4});
    for (const DWORD protection : {PAGE_READONLY, PAGE_NOACCESS, PAGE_EXECUTE_READ}) {
        CAPTURE(protection);
        CHECK(protect(memory.at(0), 6 * page_bytes, protection) == PAGE_READWRITE);
        CHECK(memory.written() == Pages{2, 4});
        CHECK(protect(memory.at(0), 6 * page_bytes, PAGE_READWRITE) == DWORD(protection));
        CHECK(memory.written() == Pages{2, 4});
    }
}

TEST_CASE("without access: queries and resets work, and what was reset stays clean") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(pages);
    memory.write({2, 4, 9});
    protect(memory.at(0), memory.bytes(), PAGE_NOACCESS);
    CHECK(memory.query({.flags = WRITE_WATCH_FLAG_RESET, .capacity = 1}) == Pages{2});
    memory.reset(9, 1);
    CHECK(memory.written() == Pages{4});
    protect(memory.at(0), memory.bytes(), PAGE_READWRITE);
    CHECK(memory.take() == Pages{4});
    CHECK(memory.written() == Pages{});
}

TEST_CASE("protect after a reset: the next store is reported") {
    const Watched memory(pages);
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
    protect(memory.at(0), memory.bytes(), PAGE_READONLY);
    protect(memory.at(0), memory.bytes(), PAGE_READWRITE);
    CHECK(memory.written() == Pages{});
    memory.write({7});
    CHECK(memory.take() == Pages{7});
}

TEST_CASE("protect to executable: does not mark, and stores are reported") {
    // T: kernel32/tests/virtual.c.
    const Watched memory(pages);
    protect(memory.at(0), memory.bytes(), PAGE_EXECUTE_READWRITE);
    CHECK(memory.written() == Pages{});
    memory.write({3});
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("protect page by page: a query sees across the pieces") {
    const Watched memory(pages);
    for (size_t page = 0; page < pages; page += 2)
        protect(memory.at(page), page_bytes, PAGE_READONLY);
    CHECK(memory.written() == Pages{});
    memory.write({1, 3, 15});
    CHECK(memory.take() == Pages{1, 3, 15});
}

TEST_CASE("allocated read-only, made writable later: watched") {
    const Watched memory(pages, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
    CHECK(memory.written() == Pages{});
    protect(memory.at(0), memory.bytes(), PAGE_READWRITE);
    memory.write({5});
    CHECK(memory.take() == Pages{5});
}

// Guard pages: kernel32/tests/virtual.c, test_guard_page (T; there for i386).

TEST_CASE("guard page: a store fires the guard once and is reported") {
    const Watched memory(1, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    CHECK(memory.written() == Pages{});
    const GuardHandler handler;
    memory.write({0});
    memory.write({0});
    CHECK(handler.fired == 1);
    CHECK(memory.take() == Pages{0});
}

TEST_CASE("guard page: a load fires the guard and is not reported") {
    const Watched memory(1, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    const GuardHandler handler;
    CHECK(load(memory.at(0)) == 0);
    CHECK(handler.fired == 1);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("guard page: a store by the handler of a load is reported") {
    const Watched memory(1, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    const GuardHandler handler(memory.at(0, 8));
    CHECK(load(memory.at(0)) == 0);
    CHECK(handler.fired == 1);
    CHECK(memory.take() == Pages{0});
}

TEST_CASE("guard page: a query neither fires nor removes the guard") {
    const Watched memory(1);
    memory.write({0});
    protect(memory.at(0), page_bytes, PAGE_READWRITE | PAGE_GUARD);
    const GuardHandler handler;
    CHECK(memory.take() == Pages{0});
    CHECK(memory.written() == Pages{});
    CHECK(handler.fired == 0);
    memory.write({0});
    CHECK(handler.fired == 1);
    CHECK(memory.take() == Pages{0});
}
