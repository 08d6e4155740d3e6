// SPDX-License-Identifier: MIT
// Loads a stand-in for ntdll.so, twice, as takeover_test.cpp asks for, and says
// what became of its system-call table: "untouched", "taken" or "half", and the
// protection of the table's page.
#include "open_as_ntdll.h"
#include "standin.h"

#include <cinttypes>
#include <cstdio>
#include <iterator>

#include <dlfcn.h>
#include <sys/resource.h>

using namespace standin;

namespace {

struct Entry {
    const char* name;
    Number number;
};
constexpr Entry kEntries[] = {
    {"NtFreeVirtualMemory", kFree},
    {"NtResetWriteWatch", kReset},
    {"NtGetWriteWatch", kGet},
    {"NtAllocateVirtualMemoryEx", kAllocateEx},
    {"NtAllocateVirtualMemory", kAllocate},
    {"NtProtectVirtualMemory", kProtect},
    {"NtReadVirtualMemory", kRead},
    {"NtSetInformationProcess", kSetInformation},
};

void print_state(void* ntdll, void* const* table) {
    Dl_info library{};
    dladdr(table, &library);
    unsigned taken = 0;
    for (const Entry& entry : kEntries) {
        Dl_info owner{};
        dladdr(table[entry.number], &owner);
        taken += owner.dli_fbase != library.dli_fbase ? 1 : 0;
    }
    const bool others = table[kClose] == dlsym(ntdll, "NtClose");
    const bool all = taken == std::size(kEntries);
    std::puts(!others || (taken != 0 && !all) ? "half" : all ? "taken" : "untouched");
}

void print_protection(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::FILE* maps = std::fopen("/proc/self/maps", "re");
    char line[512];
    while (maps != nullptr && std::fgets(line, sizeof(line), maps) != nullptr) {
        std::uintptr_t start = 0;
        std::uintptr_t end = 0;
        char protection[8] = "";
        if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &start, &end, protection) == 3 &&
            wanted >= start && wanted < end)
            std::puts(protection);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2)
        return 2;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    void* ntdll = open_as_ntdll(argv[1]);
    setrlimit(RLIMIT_NOFILE, &limit); // one of the stand-ins lowers it
    if (ntdll == nullptr || open_as_ntdll(argv[1]) != ntdll)
        return 3;
    const auto control = reinterpret_cast<Control* (*)()>(dlsym(ntdll, "standin_control"));
    print_state(ntdll, control()->table);
    print_protection(control()->table);
}
