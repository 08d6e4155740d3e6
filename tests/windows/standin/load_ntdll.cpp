// SPDX-License-Identifier: MIT
// Loads a stand-in for ntdll.so, twice, as takeover_test.cpp asks for, and says
// what became of its system-call table: "untouched", "taken" or "half", and the
// protection of the table's page.
#include "open_as_ntdll.h"
#include "standin.h"

#include <cinttypes>
#include <cstdio>
#include <string>
#include <iterator>

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

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

// As another preloaded library would, before the plugin comes.
void take_an_entry(void* const* table) {
    constexpr std::size_t kPage = 4096;
    auto* const entry = const_cast<void**>(table + kReset);
    auto* const page =
        reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(entry) / kPage * kPage);
    mprotect(page, kPage, PROT_READ | PROT_WRITE);
    *entry = reinterpret_cast<void*>(print_protection);
    mprotect(page, kPage, PROT_READ);
}

} // namespace

// standin-load STANDIN [--late PLUGIN | --hooked PLUGIN | --again]
int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    const std::string how = argc > 2 ? argv[2] : "";
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    void* ntdll = open_as_ntdll(argv[1]);
    setrlimit(RLIMIT_NOFILE, &limit); // one of the stand-ins lowers it
    if (ntdll == nullptr || open_as_ntdll(argv[1]) != ntdll)
        return 3;
    const auto control = reinterpret_cast<Control* (*)()>(dlsym(ntdll, "standin_control"))();
    if (how == "--hooked")
        take_an_entry(control->table);
    if (argc > 3 && dlopen(argv[3], RTLD_NOW) == nullptr)
        return 4;
    print_state(ntdll, control->table);
    print_protection(control->table);
    std::fflush(stdout);
    if (how == "--again")
        execl("/proc/self/exe", argv[0], argv[1], nullptr);
}
