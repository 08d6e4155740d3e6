// SPDX-License-Identifier: MIT
// A launcher that watches memory and starts two programs: one that watches
// memory, too, and one that does not. All stay until the launcher's input ends.
#include <windows.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace {

bool watch_something() {
    auto* const memory = static_cast<volatile char*>(VirtualAlloc(
        nullptr, 65536, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE));
    if (memory)
        memory[4096] = 1;
    void* found[16];
    ULONG_PTR count = 16;
    DWORD granularity;
    return memory &&
           GetWriteWatch(0, const_cast<char*>(memory), 65536, found, &count, &granularity) == 0 &&
           count == 1;
}

// Inherits whatever can be inherited.
HANDLE start(const char* role) {
    char program[MAX_PATH];
    GetModuleFileNameA(nullptr, program, sizeof(program));
    std::string command = std::string("\"") + program + "\" " + role;
    STARTUPINFOA startup = {};
    startup.cb = sizeof(startup);
    PROCESS_INFORMATION child = {};
    if (!CreateProcessA(nullptr, command.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr,
                        &startup, &child))
        return nullptr;
    return child.hProcess;
}

} // namespace

int main(int argc, char** argv) {
    const std::string role = argc > 1 ? argv[1] : "launcher";
    if (role != "idle" && !watch_something())
        return 1;
    if (role != "launcher") {
        Sleep(60000); // the launcher ends it
        return 1;
    }
    const HANDLE children[] = {start("idle"), start("watch")};
    std::puts("ready");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    for (const HANDLE child : children) {
        if (!child || !TerminateProcess(child, 0))
            return 1;
    }
}
