// SPDX-License-Identifier: MIT
// This process by a handle that was opened, and other processes, through the
// plugin. Wine's own calls on behalf of such a handle pass no table.
#include "windows_program.h"

using namespace standin;

namespace {

HANDLE another_process() {
    return reinterpret_cast<HANDLE>(std::intptr_t{0x44});
}

NTSTATUS free_through(HANDLE process, void* base, SIZE_T size, ULONG type) {
    return entry<Free>(kFree)(process, &base, &size, type);
}

} // namespace

TEST_CASE("allocated through a real handle: watched, and Wine sees no flag") {
    void* base = nullptr;
    SIZE_T size = 4 * kPage;
    REQUIRE(entry<Allocate>(kAllocate)(real_handle(), &base, 0, &size, kWatched, kReadWrite) ==
            STATUS_SUCCESS);
    CHECK(control->last_type == (MEM_RESERVE | MEM_COMMIT));
    CHECK(granularity_at(base, size) == kPage);
    CHECK(free_through(real_handle(), base, 0, MEM_RELEASE) == STATUS_SUCCESS);
    CHECK(granularity_at(base, size) == 0);
}

TEST_CASE("released through a real handle: the watch ends with it") {
    void* base = nullptr;
    SIZE_T size = 4 * kPage;
    REQUIRE(allocate(&base, &size, kWatched) == STATUS_SUCCESS);
    REQUIRE(free_through(real_handle(), base, 0, MEM_RELEASE) == STATUS_SUCCESS);
    CHECK(granularity_at(base, size) == 0);
}

TEST_CASE("protected and decommitted through a real handle: latched, and the rest clean") {
    const Watched memory{8};
    memory.write(1);
    memory.write(6);
    void* base = memory.at(0);
    SIZE_T size = 4 * kPage;
    ULONG before = 0;
    REQUIRE(entry<Protect>(kProtect)(real_handle(), &base, &size, kReadWrite, &before) ==
            STATUS_SUCCESS);
    REQUIRE(free_through(real_handle(), memory.at(0), memory.bytes(), MEM_DECOMMIT) ==
            STATUS_SUCCESS);
    CHECK(memory.dirty() == Pages{1});
}

TEST_CASE("another process's memory at the address of a watch: the watch is not concerned") {
    const Watched memory{8};
    memory.write(2);
    constexpr NTSTATUS kInvalidHandle = 0xC0000008;
    CHECK(free_through(another_process(), memory.base(), 0, MEM_RELEASE) == kInvalidHandle);
    void* base = memory.base();
    SIZE_T size = memory.bytes();
    ULONG before = 0;
    CHECK(entry<Protect>(kProtect)(another_process(), &base, &size, 1, &before) == kInvalidHandle);
    CHECK(entry<Allocate>(kAllocate)(another_process(), &base, 0, &size, kWatched, kReadWrite) ==
          kInvalidHandle);
    CHECK(control->last_type == kWatched);
    CHECK(memory.take() == Pages{2});
}
