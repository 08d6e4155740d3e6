// SPDX-License-Identifier: MIT
// NtReadVirtualMemory into watched memory, through the plugin.
#include "windows_program.h"

#include <cstdint>
#include <cstring>

using namespace standin;

namespace {

NTSTATUS read(const void* from, void* to, SIZE_T size, SIZE_T* got, HANDLE process = self()) {
    return entry<Read>(kRead)(process, from, to, size, got);
}

const std::vector<char> text(3 * kPage, 'x');

} // namespace

TEST_CASE("read into watched memory: the pages it fills are reported, and filled") {
    const Watched memory{8};
    SIZE_T got = 0;
    CHECK(read(text.data(), memory.at(2) + 5, 2 * kPage, &got) == STATUS_SUCCESS);
    CHECK(got == 2 * kPage);
    CHECK(std::memcmp(memory.at(2) + 5, text.data(), 2 * kPage) == 0);
    CHECK(*(memory.at(2) + 4) == 0);
    CHECK(*(memory.at(4) + 5) == 0);
    CHECK(memory.take() == Pages{2, 3, 4});
}

TEST_CASE("read that fails at once: its status, and the buffer stays clean") {
    const Watched memory{8};
    SIZE_T got = 7;
    constexpr NTSTATUS kInvalidHandle = 0xC0000008;
    CHECK(read(text.data(), memory.at(2), kPage, &got, nullptr) == kInvalidHandle);
    CHECK(got == 0);
    CHECK(read(nullptr, memory.at(2), kPage, nullptr) == STATUS_PARTIAL_COPY);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("read that fails half-way: what was read is there, and only its pages are reported") {
    const Watched memory{64}; // the source may lie next to it, but not within a read of page 32
    const Array source{3};
    std::memset(source.data(), 'y', 3 * kPage);
    source.hide(2);
    SIZE_T got = 0;
    const char* const from = reinterpret_cast<const char*>(source.data()) + 100;
    CHECK(read(from, memory.at(32), 4 * kPage, &got) == STATUS_PARTIAL_COPY);
    CHECK(got == 2 * kPage - 100);
    CHECK(*(memory.at(32) + got - 1) == 'y');
    CHECK(memory.take() == Pages{32, 33});
}

// 32 bits hold no size that is beyond all addresses: there Wine's own handler of
// faults answers, which the stand-in has not.
#if UINTPTR_MAX > 0xffffffff
TEST_CASE("read of an absurd size: access violation, nothing is touched") {
    const Watched memory{8};
    SIZE_T got = 7;
    CHECK(read(text.data(), memory.at(0), ~SIZE_T{0} >> 2, &got) == STATUS_ACCESS_VIOLATION);
    CHECK(read(text.data(), memory.at(0), SIZE_T{1} << 47, &got) == STATUS_ACCESS_VIOLATION);
    CHECK(got == 7);
    CHECK(memory.dirty() == Pages{});
    std::vector<char> unwatched(kPage);
    const std::size_t before = control->reads;
    CHECK(read(text.data(), unwatched.data(), ~SIZE_T{0}, &got) == STATUS_ACCESS_VIOLATION);
    CHECK(control->reads == before);
}
#endif

TEST_CASE("read of overlapping memory of one's own: as memmove") {
    const Watched memory{4};
    for (std::size_t i = 0; i < 2 * kPage; ++i)
        memory.at(0)[i] = static_cast<char>(i % 251);
    SIZE_T got = 0;
    CHECK(read(memory.at(0), memory.at(0) + 100, 2 * kPage, &got) == STATUS_SUCCESS);
    CHECK(got == 2 * kPage);
    bool moved = true;
    for (std::size_t i = 0; i < 2 * kPage; ++i)
        moved = moved && memory.at(0)[100 + i] == static_cast<char>(i % 251);
    CHECK(moved);
}

TEST_CASE("read of another process at the address of the buffer: clean where it fails") {
    const Watched memory{4};
    SIZE_T got = 7;
    const auto another = reinterpret_cast<HANDLE>(std::intptr_t{0x44});
    constexpr NTSTATUS kInvalidHandle = 0xC0000008;
    CHECK(read(memory.at(1), memory.at(1), 2 * kPage, &got, another) == kInvalidHandle);
    CHECK(got == 0);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("read whose count cannot be stored: access violation, the buffer stays clean") {
    const Watched memory{4};
    const Array count{1};
    count.forbid(0);
    auto* const got = reinterpret_cast<SIZE_T*>(count.data());
    CHECK(unwinding([&] { return read(text.data(), memory.at(1), kPage, got); }) ==
          STATUS_ACCESS_VIOLATION);
    CHECK(*memory.at(1) == 0);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("read into memory that is not watched, or out of watched memory: Wine's own, in one") {
    const Watched memory{8};
    memory.write(1);
    memory.take();
    std::vector<char> buffer(4 * kPage);
    const std::size_t before = control->reads;
    SIZE_T got = 0;
    CHECK(read(memory.at(0), buffer.data(), buffer.size(), &got) == STATUS_SUCCESS);
    CHECK(got == buffer.size());
    CHECK(control->reads == before + 1);
    CHECK(memory.dirty() == Pages{});
}

TEST_CASE("read into a buffer that cannot be written: access violation, nothing else happens") {
    const Watched memory{8};
    void* base = memory.at(3);
    SIZE_T size = kPage;
    ULONG old = 0;
    REQUIRE(entry<Protect>(kProtect)(self(), &base, &size, 2, &old) == STATUS_SUCCESS);
    SIZE_T got = 7;
    CHECK(unwinding([&] { return read(text.data(), memory.at(3), kPage, &got); }) ==
          STATUS_ACCESS_VIOLATION);
    CHECK(memory.dirty() == Pages{});
}
