// SPDX-License-Identifier: MIT
// Windows' rules of reserved and committed memory, and what a Linux program
// expects besides. Rows without a source are MSDN's.
#include "../windows/support.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr DWORD reserve_and_commit = MEM_RESERVE | MEM_COMMIT;
constexpr SIZE_T unit = 0x10000;

// Unwatched memory.
class Memory {
public:
    explicit Memory(SIZE_T bytes, DWORD type = reserve_and_commit, void* at = nullptr)
        : base(static_cast<char*>(VirtualAlloc(at, bytes, type, PAGE_READWRITE))) {
        REQUIRE(base != nullptr);
    }
    Memory(const Memory&) = delete;
    ~Memory() { VirtualFree(base, 0, MEM_RELEASE); }
    char* const base;
};

template<class Call>
DWORD error_of(Call call) {
    SetLastError(ERROR_SUCCESS);
    return call() ? DWORD{ERROR_SUCCESS} : GetLastError();
}

DWORD allocate_error(void* at, SIZE_T bytes, DWORD type, DWORD protect = PAGE_READWRITE) {
    return error_of([=] { return VirtualAlloc(at, bytes, type, protect) != nullptr; });
}

DWORD free_error(void* at, SIZE_T bytes, DWORD type) {
    return error_of([=] { return VirtualFree(at, bytes, type); });
}

DWORD protect_error(void* at, SIZE_T bytes, DWORD protect) {
    DWORD old = 0;
    return error_of([&] { return VirtualProtect(at, bytes, protect, &old); });
}

// Whether the child ends well in which `act` runs.
template<class Act>
bool in_child(Act act) {
    const pid_t child = fork();
    if (child == 0)
        _exit(act() ? 0 : 1);
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template<class Act>
bool dies(Act act) {
    return !in_child([&] {
        std::signal(SIGSEGV, SIG_DFL); // and not the test framework's report
        act();
        return true;
    });
}

} // namespace

TEST_CASE("reserve: begins on 64 KiB, and an address is rounded down to there") {
    const Memory wide(4 * unit, MEM_RESERVE);
    CHECK(reinterpret_cast<uintptr_t>(wide.base) % unit == 0);
    char* const place = wide.base;
    REQUIRE(VirtualFree(place, 0, MEM_RELEASE));
    const Memory memory(page_bytes, reserve_and_commit, place + unit + 3 * page_bytes);
    CHECK(memory.base == place + unit);
    memory.base[3 * page_bytes] = 1; // what was asked for is there
}

TEST_CASE("reserved memory: no access before the commit, zero after it") {
    const Memory memory(unit, MEM_RESERVE);
    CHECK(dies([&] { *static_cast<volatile char*>(memory.base) = 1; }));
    REQUIRE(VirtualAlloc(memory.base, page_bytes, MEM_COMMIT, PAGE_READWRITE) == memory.base);
    CHECK(memory.base[0] == 0);
    memory.base[0] = 1;
    CHECK(dies([&] { *static_cast<volatile char*>(memory.base + page_bytes) = 1; }));
}

TEST_CASE("decommit: contents and access are gone, the reservation is not") {
    const Memory memory(unit);
    memory.base[0] = 1;
    REQUIRE(VirtualFree(memory.base, page_bytes, MEM_DECOMMIT));
    CHECK(dies([&] { *static_cast<volatile char*>(memory.base) = 1; }));
    CHECK(protect_error(memory.base, page_bytes, PAGE_READONLY) == ERROR_INVALID_ADDRESS);
    CHECK(allocate_error(memory.base, page_bytes, MEM_RESERVE) == ERROR_INVALID_ADDRESS);
    REQUIRE(VirtualAlloc(memory.base, page_bytes, MEM_COMMIT, PAGE_READWRITE));
    CHECK(memory.base[0] == 0);
}

TEST_CASE("allocate: what is refused, with Windows' last error") {
    const Memory memory(unit);
    CHECK(allocate_error(nullptr, 0, reserve_and_commit) == ERROR_INVALID_PARAMETER);
    CHECK(allocate_error(nullptr, unit, 0) == ERROR_INVALID_PARAMETER);
    CHECK(allocate_error(nullptr, ~SIZE_T{0}, MEM_RESERVE) == ERROR_NOT_ENOUGH_MEMORY);
    CHECK(allocate_error(nullptr, ~SIZE_T{0} - 4 * unit, MEM_RESERVE) == ERROR_NOT_ENOUGH_MEMORY);
    CHECK(allocate_error(reinterpret_cast<void*>(0x1000), unit, MEM_RESERVE) ==
          ERROR_INVALID_PARAMETER);
    CHECK(allocate_error(memory.base, unit, MEM_RESERVE) == ERROR_INVALID_ADDRESS);
    CHECK(allocate_error(memory.base, unit + 1, MEM_COMMIT) == ERROR_INVALID_ADDRESS);
    CHECK(allocate_error(memory.base, unit, MEM_RESET | MEM_COMMIT) == ERROR_INVALID_PARAMETER);
    CHECK(allocate_error(nullptr, unit, reserve_and_commit, PAGE_READWRITE | PAGE_GUARD) ==
          ERROR_NOT_SUPPORTED);
    CHECK(allocate_error(nullptr, unit, reserve_and_commit, PAGE_READONLY | PAGE_READWRITE) ==
          ERROR_INVALID_PARAMETER);
    int here = 0; // memory from elsewhere
    CHECK(allocate_error(&here, 1, MEM_COMMIT) == ERROR_INVALID_ADDRESS);
}

// A sum that wraps may come to a page or two of what is there.
TEST_CASE("a size that wraps round the addresses: refused, and nothing happens") {
    const Memory memory(4 * unit);
    memory.base[page_bytes] = 1;
    for (const SIZE_T offset : {SIZE_T{0}, SIZE_T{2}, page_bytes + 1}) {
        CAPTURE(offset);
        char* const at = memory.base + offset;
        for (const DWORD type : {MEM_COMMIT, MEM_RESET, MEM_RESERVE})
            CHECK(allocate_error(at, ~SIZE_T{0}, type) == ERROR_INVALID_PARAMETER);
        CHECK(free_error(at, ~SIZE_T{0}, MEM_DECOMMIT) == ERROR_INVALID_PARAMETER);
        CHECK(protect_error(at, ~SIZE_T{0}, PAGE_NOACCESS) == ERROR_INVALID_ADDRESS);
    }
    CHECK(memory.base[page_bytes] == 1);
    // Rounding the base down to 64 KiB adds to the size.
    char* const free_place = memory.base;
    VirtualFree(memory.base, 0, MEM_RELEASE);
    CHECK(allocate_error(free_place + 0x5000, ~SIZE_T{0} - 0x3fff, MEM_RESERVE) ==
          ERROR_INVALID_PARAMETER);
}

TEST_CASE("reserve over somebody else's memory: refused; where nothing is any more: there") {
    const Memory memory(unit);
    char* const place = memory.base;
    REQUIRE(in_child([&] {
        VirtualFree(memory.base, 0, MEM_RELEASE);
        void* const program = reinterpret_cast<void*>(&free_error);
        return allocate_error(program, unit, MEM_RESERVE) == ERROR_INVALID_ADDRESS &&
               VirtualAlloc(place, unit, MEM_RESERVE, PAGE_READWRITE) == place;
    }));
}

TEST_CASE("free: what is refused, with Windows' last error, and stays") {
    const Memory memory(2 * unit);
    CHECK(free_error(memory.base, unit, MEM_RELEASE) == ERROR_INVALID_PARAMETER);
    CHECK(free_error(memory.base + unit, 0, MEM_RELEASE) == ERROR_INVALID_ADDRESS);
    CHECK(free_error(memory.base + unit, 0, MEM_DECOMMIT) == ERROR_INVALID_ADDRESS);
    CHECK(free_error(memory.base, 2 * unit + 1, MEM_DECOMMIT) == ERROR_INVALID_PARAMETER);
    CHECK(free_error(memory.base, 0, MEM_RELEASE | MEM_DECOMMIT) == ERROR_INVALID_PARAMETER);
    CHECK(free_error(memory.base, 0, 0) == ERROR_INVALID_PARAMETER);
    int here = 0;
    CHECK(free_error(&here, 0, MEM_RELEASE) == ERROR_INVALID_ADDRESS);
    memory.base[2 * unit - 1] = 1;
}

TEST_CASE("release: the second one is refused") {
    void* const base = VirtualAlloc(nullptr, unit, reserve_and_commit, PAGE_READWRITE);
    CHECK(free_error(base, 0, MEM_RELEASE) == ERROR_SUCCESS);
    CHECK(free_error(base, 0, MEM_RELEASE) == ERROR_INVALID_ADDRESS);
}

TEST_CASE("protect: gives the first page's protection before, and takes effect") {
    const Memory memory(4 * page_bytes);
    CHECK(protect(memory.base, page_bytes, PAGE_READONLY) == PAGE_READWRITE);
    CHECK(dies([&] { *static_cast<volatile char*>(memory.base) = 1; }));
    memory.base[page_bytes] = 1;
    CHECK(protect(memory.base + 100, page_bytes, PAGE_EXECUTE_READ) == PAGE_READONLY);
    CHECK(protect(memory.base + page_bytes, 1, PAGE_NOACCESS) == PAGE_EXECUTE_READ);
    CHECK(dies([&] { (void)*static_cast<volatile char*>(memory.base + page_bytes); }));
}

TEST_CASE("protect: what is refused, with Windows' last error") {
    const Memory memory(4 * page_bytes, MEM_RESERVE);
    REQUIRE(VirtualAlloc(memory.base, page_bytes, MEM_COMMIT, PAGE_READWRITE));
    CHECK(protect_error(memory.base, 2 * page_bytes, PAGE_READONLY) == ERROR_INVALID_ADDRESS);
    CHECK(protect_error(memory.base, 5 * page_bytes, PAGE_READONLY) == ERROR_INVALID_ADDRESS);
    CHECK(protect_error(memory.base, 0, PAGE_READONLY) == ERROR_INVALID_PARAMETER);
    CHECK(protect_error(memory.base, page_bytes, 0) == ERROR_INVALID_PARAMETER);
    CHECK(protect_error(memory.base, page_bytes, PAGE_READWRITE | PAGE_GUARD) ==
          ERROR_NOT_SUPPORTED);
    // T: kernel32/tests/virtual.c, test_VirtualProtect.
    CHECK(error_of([&] {
              return VirtualProtect(memory.base, page_bytes, PAGE_READONLY, nullptr);
          }) == ERROR_NOACCESS);
    memory.base[0] = 1; // still writable
}

TEST_CASE("query: regions of pages that are alike") {
    const Memory memory(4 * page_bytes, MEM_RESERVE);
    REQUIRE(VirtualAlloc(memory.base + page_bytes, 2 * page_bytes, MEM_COMMIT, PAGE_READONLY));
    MEMORY_BASIC_INFORMATION info = {};
    REQUIRE(VirtualQuery(memory.base + page_bytes + 1, &info, sizeof(info)) == sizeof(info));
    CHECK(info.BaseAddress == memory.base + page_bytes);
    CHECK(info.AllocationBase == memory.base);
    CHECK(info.RegionSize == 2 * page_bytes);
    CHECK(info.State == MEM_COMMIT);
    CHECK(info.Protect == PAGE_READONLY);
    CHECK(info.AllocationProtect == PAGE_READWRITE);
    REQUIRE(VirtualQuery(memory.base + 3 * page_bytes, &info, sizeof(info)) == sizeof(info));
    CHECK(info.RegionSize == page_bytes);
    CHECK(info.State == MEM_RESERVE);
    CHECK(info.Protect == 0);
    CHECK(VirtualQuery(&info, &info, sizeof(info)) == 0);
    CHECK(GetLastError() == ERROR_INVALID_ADDRESS);
}

TEST_CASE("written, protected, decommitted: still reported, as on Windows") {
    // T: kernel32/tests/virtual.c, test_write_watch.
    const Watched memory(8);
    memory.write({2, 5});
    protect(memory.at(2), page_bytes, PAGE_READONLY);
    REQUIRE(VirtualFree(memory.at(0), memory.bytes(), MEM_DECOMMIT));
    CHECK(memory.take() == Pages{2});
    CHECK(memory.written() == Pages{});
}

extern "C" unsigned long granularity_of_watched();

TEST_CASE("a port whose DWORD is an unsigned long: outputs are whole") {
    CHECK(granularity_of_watched() == page_bytes);
}

TEST_CASE("last error: one for each thread, and untouched by success") {
    SetLastError(1234);
    std::thread([] {
        CHECK(GetLastError() == ERROR_SUCCESS);
        VirtualFree(nullptr, 0, 0);
        CHECK(GetLastError() == ERROR_INVALID_PARAMETER);
    }).join();
    const Memory memory(unit);
    CHECK(GetLastError() == 1234);
}

TEST_CASE("errno: kept, in success and failure") {
    errno = 4321;
    const Memory memory(unit);
    VirtualAlloc(memory.base, unit, MEM_RESERVE, PAGE_READWRITE);
    VirtualAlloc(nullptr, ~SIZE_T{0} - 4 * unit, MEM_RESERVE, PAGE_READWRITE);
    query_error(memory.base);
    CHECK(errno == 4321);
}

TEST_CASE("fork while others allocate: the child has the memory and can go on") {
    const Memory memory(unit);
    memory.base[0] = 7;
    std::atomic<bool> stop{false};
    std::thread other([&] {
        while (!stop)
            const Memory passing(unit);
    });
    for (int round = 0; round < 50; ++round) {
        CHECK(in_child([&] {
            const Memory own(unit);
            own.base[0] = 1;
            return memory.base[0] == 7 && free_error(memory.base, 0, MEM_RELEASE) == ERROR_SUCCESS;
        }));
    }
    stop = true;
    other.join();
}

TEST_CASE("many reservations at once: each is found, whatever the order they go in") {
    std::vector<char*> bases;
    for (int i = 0; i < 1000; ++i)
        bases.push_back(
            static_cast<char*>(VirtualAlloc(nullptr, page_bytes, MEM_RESERVE, PAGE_READWRITE)));
    for (size_t i = 0; i < bases.size(); ++i)
        REQUIRE(VirtualAlloc(bases[i * 7 % 1000], 1, MEM_COMMIT, PAGE_READWRITE));
    for (size_t i = 0; i < bases.size(); ++i)
        REQUIRE(free_error(bases[i * 3 % 1000], 0, MEM_RELEASE) == ERROR_SUCCESS);
}
