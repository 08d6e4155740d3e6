// SPDX-License-Identifier: MIT
// Guard pages beside write watches: kernel32/tests/virtual.c, test_guard_page (T;
// there for i386).
#include "support.h"

namespace {

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
