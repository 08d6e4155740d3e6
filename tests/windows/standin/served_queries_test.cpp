// SPDX-License-Identifier: MIT
// What a Windows program is told about its writes, through the plugin.
#include "windows_program.h"

#include <thread>

using namespace standin;

TEST_CASE("query: reports written pages, ascending, and not those merely read") {
    const Watched memory{16};
    CHECK(memory.dirty() == Pages{});
    memory.write(9);
    memory.write(2);
    static_cast<void>(*static_cast<volatile char*>(memory.at(5)));
    CHECK(memory.dirty() == Pages{2, 9});
}

TEST_CASE("query with reset: starts the reported pages again") {
    const Watched memory{16};
    memory.write(3);
    CHECK(memory.take() == Pages{3});
    CHECK(memory.take() == Pages{});
    memory.write(3);
    CHECK(memory.take() == Pages{3});
}

TEST_CASE("query with too small a capacity: resets what it reports, and only that") {
    const Watched memory{16};
    for (const std::size_t page : {1U, 4U, 7U, 8U})
        memory.write(page);
    CHECK(memory.dirty(0, 2) == Pages{1, 4});
    CHECK(memory.take(3) == Pages{1, 4, 7});
    CHECK(memory.take(3) == Pages{8});
}

TEST_CASE("query of thousands of pages with gaps: complete and ascending") {
    const Watched memory{8192};
    Pages odd;
    for (std::size_t page = 1; page < 8192; page += 2) {
        memory.write(page);
        odd.push_back(page);
    }
    CHECK(memory.take(8192) == odd);
    CHECK(memory.take(8192) == Pages{});
}

TEST_CASE("query with an absurd capacity: no more than the range has") {
    const Watched memory{4};
    memory.write(1);
    Array found{1};
    ULONG_PTR count = ~ULONG_PTR{0};
    ULONG granularity = 0;
    CHECK(entry<Get>(kGet)(self(), 0, memory.base(), memory.bytes(), found.data(), &count,
                           &granularity) == STATUS_SUCCESS);
    CHECK(count == 1);
}

TEST_CASE("query of a part: rounded to whole pages, nothing beyond") {
    const Watched memory{8};
    for (std::size_t page = 0; page < 8; ++page)
        memory.write(page);
    const auto count_in = [&](SIZE_T offset, SIZE_T size) {
        void* found[8];
        ULONG_PTR count = 8;
        ULONG granularity = 0;
        const NTSTATUS status =
            entry<Get>(kGet)(self(), 0, memory.at(0) + offset, size, found, &count, &granularity);
        return status == STATUS_SUCCESS ? count : 100;
    };
    CHECK(count_in(2 * kPage, 3 * kPage) == 3);
    CHECK(count_in(5, 1) == 1);
    CHECK(count_in(kPage - 1, 2) == 2);
    CHECK(count_in(5, 0) == 1);
    CHECK(count_in(0, 0) == 100);
    CHECK(count_in(7 * kPage, kPage + 1) == 100);
    CHECK(count_in(kPage, ~SIZE_T{0} - 2 * kPage) == 100);
    CHECK(count_in(2 * kPage, ~SIZE_T{0}) == 100);
    CHECK(count_in(2 * kPage + 5, ~SIZE_T{0}) == 100); // one page, if the sum wrapped
}

TEST_CASE("query with a bad argument: Windows' status in Windows' order, outputs untouched") {
    const Watched memory{4};
    memory.write(0);
    void* found[4] = {};
    ULONG_PTR count = 4;
    ULONG_PTR none = 0;
    ULONG granularity = 7;
    const auto get = [&](ULONG flags, void** addresses, ULONG_PTR* counter, ULONG* unit) {
        return entry<Get>(kGet)(self(), flags, memory.base(), memory.bytes(), addresses, counter,
                                unit);
    };
    CHECK(get(0, found, nullptr, &granularity) == STATUS_ACCESS_VIOLATION);
    CHECK(get(0, found, &count, nullptr) == STATUS_ACCESS_VIOLATION);
    CHECK(get(0, nullptr, &none, nullptr) == STATUS_ACCESS_VIOLATION);
    CHECK(get(0, nullptr, &none, &granularity) == STATUS_INVALID_PARAMETER);
    CHECK(get(0xDEADBEEF, nullptr, &count, &granularity) == STATUS_INVALID_PARAMETER);
    CHECK(get(0, nullptr, &count, &granularity) == STATUS_ACCESS_VIOLATION);
    CHECK(count == 4);
    CHECK(granularity == 7);
    CHECK(found[0] == nullptr);
}

TEST_CASE("query for another process: the handle does not matter") {
    const Watched memory{4};
    memory.write(2);
    void* found[4];
    ULONG_PTR count = 4;
    ULONG granularity = 0;
    CHECK(entry<Get>(kGet)(nullptr, 0, memory.base(), memory.bytes(), found, &count,
                           &granularity) == STATUS_SUCCESS);
    CHECK(count == 1);
}

TEST_CASE("query with an array that cannot be written: access violation, nothing lost") {
    const Watched memory{2048};
    for (std::size_t page = 0; page < 2048; ++page)
        memory.write(page);
    constexpr std::size_t array_pages = 2048 * sizeof(void*) / kPage;
    Array found{array_pages};
    found.forbid(array_pages - 1);
    const NTSTATUS status = unwinding([&] {
        ULONG_PTR count = 2048;
        ULONG granularity = 0;
        return entry<Get>(kGet)(self(), WRITE_WATCH_FLAG_RESET, memory.base(), memory.bytes(),
                                found.data(), &count, &granularity);
    });
    CHECK(status == STATUS_ACCESS_VIOLATION);
    CHECK(memory.take(2048).size() == 2048);
}

TEST_CASE("query with a granularity that cannot be written: access violation, nothing lost") {
    const Watched memory{8};
    memory.write(6);
    Array read_only{1};
    read_only.forbid(0);
    const NTSTATUS status = unwinding([&] {
        void* found[8];
        ULONG_PTR count = 8;
        return entry<Get>(kGet)(self(), WRITE_WATCH_FLAG_RESET, memory.base(), memory.bytes(),
                                found, &count, reinterpret_cast<ULONG*>(read_only.data()));
    });
    CHECK(status == STATUS_ACCESS_VIOLATION);
    CHECK(memory.take() == Pages{6});
}

TEST_CASE("query after a fault in another: other threads go on") {
    const Watched memory{8};
    Array found{1};
    found.forbid(0);
    unwinding([&] {
        ULONG_PTR count = 8;
        ULONG granularity = 0;
        return entry<Get>(kGet)(self(), 0, memory.base(), memory.bytes(), found.data(), &count,
                                &granularity);
    });
    std::thread{[&] {
        const Watched other{4};
        other.write(1);
        CHECK(other.take() == Pages{1});
    }}.join();
}

TEST_CASE("query does not touch the array beyond the number of pages asked about") {
    const Watched memory{512};
    memory.write(0);
    Array found{2};
    found.forbid(1); // begins behind 512 addresses
    ULONG_PTR count = 1024;
    ULONG granularity = 0;
    const NTSTATUS status = unwinding([&] {
        return entry<Get>(kGet)(self(), 0, memory.base(), memory.bytes(), found.data(), &count,
                                &granularity);
    });
    CHECK(status == STATUS_SUCCESS);
}

TEST_CASE("reset: all pages of the range start again, others do not") {
    const Watched memory{8};
    for (std::size_t page = 0; page < 8; ++page)
        memory.write(page);
    CHECK(entry<Reset>(kReset)(self(), memory.at(2), 4 * kPage) == STATUS_SUCCESS);
    CHECK(memory.dirty() == Pages{0, 1, 6, 7});
    CHECK(entry<Reset>(kReset)(self(), memory.at(2), 0) == STATUS_INVALID_PARAMETER);
    CHECK(entry<Reset>(kReset)(self(), memory.at(7), kPage + 1) == STATUS_INVALID_PARAMETER);
}
