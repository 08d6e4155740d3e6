// SPDX-License-Identifier: MIT
// VirtualLock beside write watches.
#include "support.h"

namespace {

constexpr size_t pages = 16;

} // namespace

TEST_CASE("VirtualLock: the locked pages are written, no other") {
    // T: kernel32/tests/virtual.c, where only Windows 8 says otherwise.
    const Watched memory(pages);
    memory.write({1});
    CHECK(memory.take() == Pages{1});
    REQUIRE(VirtualLock(memory.at(1), 3 * page_bytes));
    CHECK(memory.take() ==
          windows_says(Pages{1, 2, 3},
                       stock_wrong(Pages{}, "test_guard_page marks it todo_wine; 8.0 measured")));
    REQUIRE(VirtualUnlock(memory.at(1), 3 * page_bytes));
    CHECK(memory.written() == Pages{});
    memory.write({2});
    CHECK(memory.take() == Pages{2});
}

TEST_CASE("VirtualLock that fails: nothing is written") {
    // T: kernel32/tests/virtual.c, for a guard page.
    const Watched memory(pages, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    CHECK_FALSE(VirtualLock(memory.at(1), page_bytes));
    CHECK(memory.written() == Pages{});
    const Watched reserved(pages, MEM_RESERVE);
    CHECK_FALSE(VirtualLock(reserved.at(1), page_bytes));
    CHECK(reserved.written() == Pages{});
}
