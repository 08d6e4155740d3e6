// SPDX-License-Identifier: MIT
// A program in the toy layer.
#include <doctest/doctest.h>

#include <win32.h>

#include <cstdio>
#include <vector>

using namespace ww::wine;
#include "toy_layer.h"

namespace {

constexpr SIZE_T kPage = 4096;
constexpr ULONG kNoAccess = 1;
constexpr ULONG kReadOnly = 2;
constexpr ULONG kReadWrite = 4;
using Pages = std::vector<std::size_t>;

struct Watched {
    void* memory = nullptr;
    SIZE_T size = 8 * kPage;
    NTSTATUS status =
        toy_allocate(&memory, &size, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, kReadWrite);
    ~Watched() { toy_free(memory, 0, MEM_RELEASE); }
    char* at(std::size_t page) const { return static_cast<char*>(memory) + page * kPage; }
    void write(std::size_t page) const { *static_cast<volatile char*>(at(page)) = 1; }
    Pages take(ULONG_PTR count = 8) const {
        void* found[8];
        ULONG granularity = 0;
        REQUIRE(toy_get_write_watch(WRITE_WATCH_FLAG_RESET, memory, size, found, &count,
                                    &granularity) == STATUS_SUCCESS);
        CHECK(granularity == kPage);
        Pages pages;
        for (ULONG_PTR i = 0; i < count; ++i)
            pages.push_back(static_cast<std::size_t>(static_cast<char*>(found[i]) - at(0)) / kPage);
        return pages;
    }
};

} // namespace

TEST_CASE("toy layer: stores are reported once, as many as fit") {
    const Watched watched;
    watched.write(6);
    watched.write(2);
    CHECK(watched.take(1) == Pages{2});
    CHECK(watched.take() == Pages{6});
    CHECK(watched.take() == Pages{});
    watched.write(3);
    REQUIRE(toy_reset_write_watch(watched.memory, watched.size) == STATUS_SUCCESS);
    CHECK(watched.take() == Pages{});
}

TEST_CASE("toy layer: decommit clears, unless a protect came before") {
    const Watched watched;
    watched.write(2);
    watched.write(5);
    REQUIRE(toy_protect(watched.at(5), kPage, kReadOnly) == STATUS_SUCCESS);
    REQUIRE(toy_free(watched.memory, watched.size, MEM_DECOMMIT) == STATUS_SUCCESS);
    CHECK(watched.take() == Pages{5});
    CHECK(watched.take() == Pages{});
}

TEST_CASE("toy layer: MEM_RESET and a protection change keep what is written") {
    const Watched watched;
    watched.write(4);
    void* base = watched.memory;
    SIZE_T size = watched.size;
    REQUIRE(toy_allocate(&base, &size, MEM_RESET, kReadWrite) == STATUS_SUCCESS);
    REQUIRE(toy_protect(watched.memory, watched.size, kNoAccess) == STATUS_SUCCESS);
    CHECK(watched.take() == Pages{4});
}

TEST_CASE("toy layer: released memory is not watched any more") {
    void* memory;
    {
        const Watched watched;
        memory = watched.memory;
    }
    CHECK(toy_reset_write_watch(memory, kPage) == STATUS_INVALID_PARAMETER);
}

int main(int argc, char** argv) {
    if (const Watched watched; watched.status != STATUS_SUCCESS) {
        std::printf("skipped: needs Linux 6.7\n");
        return watched.status == STATUS_NOT_SUPPORTED ? 77 : 1;
    }
    return doctest::Context(argc, argv).run();
}
