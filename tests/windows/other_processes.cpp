// SPDX-License-Identifier: MIT
// Memory that one process allocates, changes and frees in another. Wine does it
// in the target by calls of its own, past the plugin: such memory stays Wine's,
// and must not be mixed up with what the plugin watches there.
#include "probe.h"
#include "support.h"

#include <cstring>
#include <string>

namespace {

constexpr size_t pages = 16;
constexpr DWORD watched = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;
constexpr char child_switch[] = "--child=";

// What both sides share, and take turns with.
struct Shared {
    char* from_parent; // allocated in the child by the parent
    char* own;         // allocated by the child
    DWORD error;       // of the child's last query
    ULONG_PTR count;
    size_t found[pages];
};

std::string name_of(const char* what, const std::string& id) {
    return std::string("writewatch-test-") + what + "-" + id;
}

// One side of the conversation: events to say go on, and the shared page.
struct Line {
    HANDLE to_child, to_parent, mapping;
    Shared* shared;

    explicit Line(const std::string& id)
        : to_child(CreateEventA(nullptr, FALSE, FALSE, name_of("c", id).c_str())),
          to_parent(CreateEventA(nullptr, FALSE, FALSE, name_of("p", id).c_str())),
          mapping(CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, page_bytes,
                                     name_of("m", id).c_str())),
          shared(
              static_cast<Shared*>(MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, page_bytes))) {
    }
    ~Line() {
        UnmapViewOfFile(shared);
        for (const HANDLE handle : {to_child, to_parent, mapping})
            CloseHandle(handle);
    }
};

void store(char* base, size_t page) {
    static_cast<volatile char*>(base)[page * page_bytes] = 1;
}

void query(Shared& shared, char* base) {
    void* found[pages];
    shared.count = pages;
    DWORD granularity = 0;
    shared.error = GetWriteWatch(WRITE_WATCH_FLAG_RESET, base, pages * page_bytes, found,
                                 &shared.count, &granularity) == 0
                       ? ERROR_SUCCESS
                       : GetLastError();
    for (size_t i = 0; shared.error == 0 && i < shared.count; ++i)
        shared.found[i] = static_cast<size_t>(static_cast<char*>(found[i]) - base) / page_bytes;
}

// The child's steps; between two of them the parent acts.
void (*const steps[])(Shared&) = {
    [](Shared& shared) {
        shared.own =
            static_cast<char*>(VirtualAlloc(nullptr, pages * page_bytes, watched, PAGE_READWRITE));
    },
    [](Shared& shared) {
        store(shared.from_parent, 3);
        store(shared.own, 5);
        query(shared, shared.from_parent);
    },
    [](Shared& shared) { query(shared, shared.own); },
    [](Shared& shared) {
        store(shared.own, 6);
        store(shared.own, 7);
    },
    [](Shared& shared) { query(shared, shared.own); },
    [](Shared& shared) {
        VirtualFree(shared.from_parent, 0, MEM_RELEASE);
        query(shared, shared.from_parent);
    },
    [](Shared& shared) {
        shared.from_parent = static_cast<char*>(
            VirtualAlloc(shared.own, pages * page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
        store(shared.own, 1);
        query(shared, shared.own);
    },
};

class Child {
public:
    Child() : id_(std::to_string(GetCurrentProcessId())), line_(id_) {
        REQUIRE(line_.shared);
        char program[MAX_PATH];
        REQUIRE(GetModuleFileNameA(nullptr, program, sizeof(program)));
        std::string command = std::string("\"") + program + "\" " + child_switch + id_;
        STARTUPINFOA startup = {};
        startup.cb = sizeof(startup);
        REQUIRE(CreateProcessA(nullptr, command.data(), nullptr, nullptr, FALSE, 0, nullptr,
                               nullptr, &startup, &process_));
    }
    ~Child() {
        TerminateProcess(process_.hProcess, 0);
        WaitForSingleObject(process_.hProcess, 10000);
        CloseHandle(process_.hThread);
        CloseHandle(process_.hProcess);
    }

    HANDLE process() const { return process_.hProcess; }
    Shared& shared() const { return *line_.shared; }

    void step() const {
        SetEvent(line_.to_child);
        REQUIRE(WaitForSingleObject(line_.to_parent, 30000) == WAIT_OBJECT_0);
    }
    Pages answer() const {
        REQUIRE(shared().error == ERROR_SUCCESS);
        return Pages(shared().found, shared().found + shared().count);
    }

private:
    std::string id_;
    Line line_;
    PROCESS_INFORMATION process_ = {};
};

} // namespace

const char* child_named_in(int argc, char** argv) {
    constexpr size_t length = sizeof(child_switch) - 1;
    return argc > 1 && std::strncmp(argv[1], child_switch, length) == 0 ? argv[1] + length
                                                                        : nullptr;
}

int run_child(const char* name) {
    const Line line(name);
    for (const auto step : steps) {
        if (WaitForSingleObject(line.to_child, 30000) != WAIT_OBJECT_0)
            return 1;
        step(*line.shared);
        SetEvent(line.to_parent);
    }
    return 0;
}

TEST_CASE("memory allocated in another process: watched there, beside its own") {
    const Child child;
    Shared& shared = child.shared();
    child.step();
    REQUIRE(shared.own);
    shared.from_parent = static_cast<char*>(
        VirtualAllocEx(child.process(), nullptr, pages * page_bytes, watched, PAGE_READWRITE));
    REQUIRE(shared.from_parent);
    CHECK(query_error(shared.from_parent) == ERROR_INVALID_PARAMETER); // not in this process

    child.step();
    CHECK(child.answer() == Pages{3});
    child.step();
    CHECK(child.answer() == Pages{5});

    // Decommitted from outside: clean, as if the child had done it.
    child.step();
    REQUIRE(VirtualFreeEx(child.process(), shared.own + 6 * page_bytes, page_bytes, MEM_DECOMMIT));
    child.step();
    CHECK(child.answer() ==
          windows_says(Pages{7}, stock_wrong(Pages{6, 7}, "8.0 keeps the state of decommitted "
                                                          "pages; kernel32/tests/virtual.c, "
                                                          "test_write_watch, marks it todo_wine")));

    // Released by the child itself, though it did not allocate it.
    child.step();
    CHECK(shared.error == ERROR_INVALID_PARAMETER);

    // Released from outside, and used again for something else.
    REQUIRE(VirtualFreeEx(child.process(), shared.own, 0, MEM_RELEASE));
    child.step();
    REQUIRE(shared.from_parent == shared.own);
    CHECK(shared.error == ERROR_INVALID_PARAMETER);
}

TEST_CASE("WriteProcessMemory into another process's watched memory: reported there") {
    const Child child;
    Shared& shared = child.shared();
    child.step();
    shared.from_parent = static_cast<char*>(
        VirtualAllocEx(child.process(), nullptr, pages * page_bytes, watched, PAGE_READWRITE));
    REQUIRE(shared.from_parent);
    child.step();
    const int value = 1;
    REQUIRE(WriteProcessMemory(child.process(), shared.own + 9 * page_bytes, &value, sizeof(value),
                               nullptr));
    child.step();
    CHECK(child.answer() ==
          windows_says(Pages{5, 9},
                       stock_wrong(Pages{5}, "8.0 stores by way of wineserver, past its write "
                                             "faults (measured)")));
}
