// SPDX-License-Identifier: MIT
// Wine 10.11's write exceptions on executable pages, beside the plugin.
#include "windows_program.h"

using namespace standin;

namespace {

constexpr ULONG kReadWriteExecute = 0x40;
constexpr ULONG kManageWrites = 83;

struct ManageWrites {
    ULONG settings;
    void* signal;
};

void enable_write_exceptions(bool enable) {
    ManageWrites set{enable ? 0x102U : 0x002U, nullptr};
    REQUIRE(entry<SetInformation>(kSetInformation)(self(), kManageWrites, &set, sizeof(set)) ==
            STATUS_SUCCESS);
}

ULONG whose_watch(ULONG protection) {
    void* base = nullptr;
    SIZE_T size = kPage;
    REQUIRE(allocate(&base, &size, kWatched, protection) == STATUS_SUCCESS);
    const ULONG granularity = granularity_at(base, size);
    free_memory(base, 0, MEM_RELEASE);
    return granularity;
}

} // namespace

TEST_CASE("executable memory: ours, until the process asks for write exceptions on it") {
    CHECK(whose_watch(kReadWriteExecute) == kPage);
    enable_write_exceptions(true);
    CHECK(whose_watch(kReadWriteExecute) == kOwnGranularity);
    CHECK(control->last_type == kWatched);
    CHECK(whose_watch(kReadWrite) == kPage);
    enable_write_exceptions(false);
    CHECK(whose_watch(kReadWriteExecute) == kPage);
}

TEST_CASE("other settings of the process, and refused ones, change nothing") {
    ManageWrites set{0x102, nullptr};
    const auto call = entry<SetInformation>(kSetInformation);
    REQUIRE(call(self(), kManageWrites + 1, &set, sizeof(set)) == STATUS_SUCCESS);
    REQUIRE(call(self(), kManageWrites, &set, 1) == STATUS_SUCCESS);
    CHECK(call(self(), kManageWrites, nullptr, 16) == STATUS_ACCESS_VIOLATION);
    CHECK(whose_watch(kReadWriteExecute) == kPage);
}
