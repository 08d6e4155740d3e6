// SPDX-License-Identifier: MIT
// Placeholders that become watched memory and back, through the plugin. Wine 8.0
// has none; here the stand-in keeps to Microsoft's description of VirtualAlloc2.
#include "windows_program.h"

using namespace standin;

namespace {

constexpr ULONG kNoAccess = 1;
constexpr ULONG kReplace = MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER;

NTSTATUS allocate_ex(void* base, SIZE_T size, ULONG type, ULONG protect, void** result = nullptr) {
    const NTSTATUS status =
        entry<AllocateEx>(kAllocateEx)(self(), &base, &size, type, protect, nullptr, 0);
    if (result != nullptr)
        *result = base;
    return status;
}

// A placeholder of so many pages.
struct Placeholder {
    std::size_t pages;
    char* base;

    explicit Placeholder(std::size_t count) : pages(count) {
        void* made = nullptr;
        REQUIRE(allocate_ex(nullptr, pages * kPage, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                            kNoAccess, &made) == STATUS_SUCCESS);
        base = static_cast<char*>(made);
    }
    ~Placeholder() { free_memory(base, pages * kPage, MEM_RELEASE); }

    char* at(std::size_t page) const { return base + page * kPage; }

    NTSTATUS split(std::size_t first, std::size_t count) const {
        return free_memory(at(first), count * kPage, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
    }
    NTSTATUS watch(std::size_t first, std::size_t count) const {
        return allocate_ex(at(first), count * kPage, kReplace | MEM_WRITE_WATCH, kReadWrite);
    }
    NTSTATUS coalesce() const {
        return free_memory(base, pages * kPage, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
    }
    void write(std::size_t page) const { *static_cast<volatile char*>(at(page)) = 1; }

    NTSTATUS query(std::size_t first, std::size_t count, Pages& found) const {
        void* addresses[64];
        ULONG_PTR capacity = 64;
        ULONG granularity = 0;
        const NTSTATUS status = entry<Get>(kGet)(self(), WRITE_WATCH_FLAG_RESET, at(first),
                                                 count * kPage, addresses, &capacity, &granularity);
        found.clear();
        if (status != STATUS_SUCCESS)
            return status;
        CHECK(granularity == kPage);
        for (ULONG_PTR i = 0; i < capacity; ++i)
            found.push_back(static_cast<std::size_t>(static_cast<char*>(addresses[i]) - base) /
                            kPage);
        return status;
    }
    Pages take(std::size_t first, std::size_t count) const {
        Pages found;
        CHECK(query(first, count, found) == STATUS_SUCCESS);
        return found;
    }
};

} // namespace

TEST_CASE("placeholder replaced with write watch: starts clean and is watched; Wine sees no flag") {
    const Placeholder place{8};
    Pages found;
    CHECK(place.query(0, 8, found) == STATUS_INVALID_PARAMETER);
    REQUIRE(place.watch(0, 8) == STATUS_SUCCESS);
    CHECK(control->last_type == kReplace);
    CHECK(place.take(0, 8) == Pages{});
    place.write(5);
    CHECK(place.take(0, 8) == Pages{5});
}

TEST_CASE("placeholder split: each part is watched by itself, a query across is refused") {
    const Placeholder place{8};
    REQUIRE(place.split(2, 3) == STATUS_SUCCESS);
    REQUIRE(place.watch(2, 3) == STATUS_SUCCESS);
    REQUIRE(place.watch(5, 3) == STATUS_SUCCESS);
    place.write(2);
    place.write(7);
    Pages found;
    CHECK(place.query(2, 6, found) == STATUS_INVALID_PARAMETER);
    CHECK(place.query(0, 3, found) == STATUS_INVALID_PARAMETER);
    CHECK(place.take(2, 3) == Pages{2});
    CHECK(place.take(5, 3) == Pages{7});
    free_memory(place.at(2), 3 * kPage, MEM_RELEASE);
    free_memory(place.at(5), 3 * kPage, MEM_RELEASE);
    free_memory(place.at(0), 2 * kPage, MEM_RELEASE);
}

TEST_CASE("watched memory back to a placeholder: not watched, and clean when replaced again") {
    const Placeholder place{8};
    REQUIRE(place.watch(0, 8) == STATUS_SUCCESS);
    place.write(1);
    REQUIRE(place.split(0, 8) == STATUS_SUCCESS);
    Pages found;
    CHECK(place.query(0, 8, found) == STATUS_INVALID_PARAMETER);
    REQUIRE(place.watch(0, 8) == STATUS_SUCCESS);
    CHECK(place.take(0, 8) == Pages{});
    place.write(2);
    CHECK(place.take(0, 8) == Pages{2});
}

TEST_CASE("a part of watched memory to a placeholder: refused, state and watch stay") {
    const Placeholder place{8};
    REQUIRE(place.watch(0, 8) == STATUS_SUCCESS);
    place.write(3);
    CHECK(place.split(2, 3) == STATUS_CONFLICTING_ADDRESSES);
    CHECK(place.take(0, 8) == Pages{3});
}

TEST_CASE("coalesce over watched memory: refused, state and watch stay; later it succeeds") {
    const Placeholder place{8};
    REQUIRE(place.split(0, 4) == STATUS_SUCCESS);
    REQUIRE(place.watch(0, 4) == STATUS_SUCCESS);
    place.write(3);
    CHECK(place.coalesce() == STATUS_CONFLICTING_ADDRESSES);
    CHECK(place.take(0, 4) == Pages{3});
    CHECK(place.split(0, 4) == STATUS_SUCCESS);
    CHECK(place.coalesce() == STATUS_SUCCESS);
    REQUIRE(place.watch(0, 8) == STATUS_SUCCESS);
    place.write(6);
    CHECK(place.take(0, 8) == Pages{6});
}

TEST_CASE("replace of what is no placeholder, or not all of one: refused, nothing watched") {
    const Placeholder place{8};
    CHECK(place.watch(0, 4) == STATUS_CONFLICTING_ADDRESSES);
    Pages found;
    CHECK(place.query(0, 4, found) == STATUS_INVALID_PARAMETER);
    CHECK(allocate_ex(place.at(0), 8 * kPage,
                      MEM_RESERVE | MEM_RESERVE_PLACEHOLDER | MEM_WRITE_WATCH,
                      kNoAccess) == STATUS_INVALID_PARAMETER);
}
