// SPDX-License-Identifier: MIT
// Stores made on the program's behalf by the system: they count like its own.
// T: kernel32/tests/virtual.c, test_write_watch, unless a case says otherwise.
#include "support.h"

#include <cstring>
#include <string>

namespace {

constexpr size_t pages = 16;
const char message[] = "Hello, pages";

class Handle {
public:
    explicit Handle(HANDLE handle) : handle_(handle) {
        REQUIRE(handle != INVALID_HANDLE_VALUE);
        REQUIRE(handle != nullptr);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { CloseHandle(handle_); }
    operator HANDLE() const { return handle_; }

private:
    HANDLE handle_;
};

HANDLE temporary_file(DWORD bytes) {
    char folder[MAX_PATH], path[MAX_PATH];
    GetTempPathA(sizeof(folder), folder);
    GetTempFileNameA(folder, "wwt", 0, path);
    const HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                                    FILE_FLAG_DELETE_ON_CLOSE, nullptr);
    SetFilePointer(file, static_cast<LONG>(bytes), nullptr, FILE_BEGIN);
    SetEndOfFile(file);
    SetFilePointer(file, 0, nullptr, FILE_BEGIN);
    return file;
}

// Of this process: another run may be under way on the same wineserver.
const char* pipe_name() {
    static const std::string name =
        "\\\\.\\pipe\\writewatch-test-" + std::to_string(GetCurrentProcessId());
    return name.c_str();
}

HANDLE pipe_server(DWORD type) {
    return CreateNamedPipeA(pipe_name(), FILE_FLAG_OVERLAPPED | PIPE_ACCESS_INBOUND,
                            type | PIPE_WAIT, 1, 1024, 1024, NMPWAIT_USE_DEFAULT_WAIT, nullptr);
}

// A pipe of which this program reads one end asynchronously and writes the other.
struct Pipe {
    Handle read_end;
    Handle connected{CreateEventA(nullptr, TRUE, FALSE, nullptr)};
    OVERLAPPED connection{};
    Handle write_end;

    explicit Pipe(DWORD type) : read_end(pipe_server(type)), write_end(connect()) {
        REQUIRE(WaitForSingleObject(connected, 10000) == WAIT_OBJECT_0);
    }

    HANDLE connect() {
        connection.hEvent = connected;
        REQUIRE_FALSE(ConnectNamedPipe(read_end, &connection));
        REQUIRE(GetLastError() == ERROR_IO_PENDING);
        return CreateFileA(pipe_name(), GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
    }

    void start_read(void* into, DWORD bytes, OVERLAPPED* state) {
        REQUIRE_FALSE(ReadFile(read_end, into, bytes, nullptr, state));
        REQUIRE(GetLastError() == ERROR_IO_PENDING);
    }

    void send_and_finish(OVERLAPPED* state) {
        DWORD sent = 0, received = 0;
        REQUIRE(WriteFile(write_end, message, sizeof(message), &sent, nullptr));
        REQUIRE(GetOverlappedResult(read_end, state, &received, TRUE));
        REQUIRE(received == sizeof(message));
    }
};

void pipe_read_marks_at_issue_and_at_completion(DWORD type) {
    const Watched memory(pages);
    Pipe pipe(type);
    const Handle done(CreateEventA(nullptr, TRUE, FALSE, nullptr));
    OVERLAPPED state = {};
    state.hEvent = done;

    pipe.start_read(memory.at(0), static_cast<DWORD>(memory.bytes()), &state);
    CHECK(memory.take() == page_range(0, pages - 1));
    pipe.send_and_finish(&state);
    CHECK(memory.take() == Pages{0});
    CHECK(std::memcmp(memory.at(0), message, sizeof(message)) == 0);
}

// A thread that reads from a pipe, and waits in there for somebody to write.
struct BlockedReader {
    const Watched* memory;
    Handle pipe;
    Handle thread{CreateThread(nullptr, 0, read, this, 0, nullptr)};
    bool succeeded = false;

    static DWORD WINAPI read(void* argument) {
        auto& self = *static_cast<BlockedReader*>(argument);
        ConnectNamedPipe(self.pipe, nullptr);
        DWORD received = 0;
        self.succeeded = ReadFile(self.pipe, self.memory->at(0),
                                  static_cast<DWORD>(self.memory->bytes()), &received, nullptr) &&
                         received == sizeof(message);
        return 0;
    }
};

void blocking_read_marks_at_issue_and_at_completion(DWORD type) {
    const Watched memory(pages);
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
    BlockedReader reader{
        &memory, Handle(CreateNamedPipeA(pipe_name(), PIPE_ACCESS_INBOUND, type | PIPE_WAIT, 1,
                                         1024, 1024, NMPWAIT_USE_DEFAULT_WAIT, nullptr))};
    const Handle write_end(
        CreateFileA(pipe_name(), GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr));
    for (int round = 0; round < 1000 && memory.written().size() < pages; ++round)
        Sleep(10);
    CHECK(memory.take() == page_range(0, pages - 1));

    DWORD sent = 0;
    REQUIRE(WriteFile(write_end, message, sizeof(message), &sent, nullptr));
    REQUIRE(WaitForSingleObject(reader.thread, 10000) == WAIT_OBJECT_0);
    CHECK(reader.succeeded);
    CHECK(memory.take() == Pages{0});
}

} // namespace

TEST_CASE("ReadFile: all pages of the buffer are reported, even of a short read") {
    const Watched memory(pages);
    const Handle file(temporary_file(2 * page_bytes + 3));
    DWORD read = 0;
    REQUIRE(ReadFile(file, memory.at(0), static_cast<DWORD>(memory.bytes()), &read, nullptr));
    CHECK(read == 2 * page_bytes + 3);
    CHECK(memory.take() == page_range(0, pages - 1));
}

TEST_CASE("ReadFile at the end of the file: all pages of the buffer are reported") {
    const Watched memory(pages);
    const Handle file(temporary_file(0));
    DWORD read = 1;
    REQUIRE(ReadFile(file, memory.at(0), static_cast<DWORD>(memory.bytes()), &read, nullptr));
    CHECK(read == 0);
    CHECK(memory.take() == page_range(0, pages - 1));
}

TEST_CASE("ReadFile into reset pages: exactly the buffer's pages are reported") {
    const Watched memory(pages);
    memory.write_all();
    CHECK(memory.take() == page_range(0, pages - 1));
    const Handle file(temporary_file(page_bytes));
    DWORD read = 0;
    REQUIRE(ReadFile(file, memory.at(4, 100), page_bytes, &read, nullptr));
    CHECK(read == page_bytes);
    CHECK(memory.take() == Pages{4, 5});
}

TEST_CASE("ReadFile of a bad handle: nothing is reported") {
    const Watched memory(pages);
    DWORD read = 0;
    CHECK_FALSE(ReadFile(reinterpret_cast<HANDLE>(0xdead), memory.at(0),
                         static_cast<DWORD>(memory.bytes()), &read, nullptr));
    CHECK(GetLastError() == ERROR_INVALID_HANDLE);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("WriteFile out of watched memory: nothing is reported") {
    const Watched memory(pages);
    const Handle file(temporary_file(0));
    DWORD wrote = 0;
    REQUIRE(WriteFile(file, memory.at(0), static_cast<DWORD>(memory.bytes()), &wrote, nullptr));
    CHECK(wrote == memory.bytes());
    CHECK(memory.written() == Pages{});
}

TEST_CASE("blocking read of a byte pipe: all pages when it begins, the filled ones when it ends") {
    blocking_read_marks_at_issue_and_at_completion(PIPE_TYPE_BYTE);
}

TEST_CASE("blocking read of a message pipe: all pages when it begins, the filled when it ends") {
    blocking_read_marks_at_issue_and_at_completion(PIPE_TYPE_MESSAGE);
}

TEST_CASE("asynchronous read of a byte pipe: all pages at issue, the filled ones at completion") {
    pipe_read_marks_at_issue_and_at_completion(PIPE_TYPE_BYTE);
}

TEST_CASE("asynchronous read of a message pipe: all pages at issue, the filled at completion") {
    pipe_read_marks_at_issue_and_at_completion(PIPE_TYPE_MESSAGE);
}

TEST_CASE("asynchronous read: the page of its OVERLAPPED is reported at issue and completion") {
    const Watched memory(pages);
    Pipe pipe(PIPE_TYPE_MESSAGE);
    const Handle done(CreateEventA(nullptr, TRUE, FALSE, nullptr));
    auto* const state =
        reinterpret_cast<OVERLAPPED*>(memory.at(pages - 1, page_bytes - sizeof(OVERLAPPED)));
    state->hEvent = done;
    CHECK(memory.take() == Pages{pages - 1});

    pipe.start_read(memory.at(0), sizeof(message), state);
    CHECK(memory.take() == Pages{0, pages - 1});
    pipe.send_and_finish(state);
    CHECK(memory.take() == Pages{0, pages - 1});
}

TEST_CASE("ReadProcessMemory into watched memory: its pages are reported") {
    const Watched memory(pages);
    SIZE_T copied = 0;
    REQUIRE(
        ReadProcessMemory(GetCurrentProcess(), message, memory.at(3, page_bytes - 4), 8, &copied));
    CHECK(copied == 8);
    CHECK(memory.take() == Pages{3, 4});
}

TEST_CASE("ReadProcessMemory that fails: nothing is reported") {
    const Watched memory(pages);
    memory.write({7});
    CHECK(memory.take() == Pages{7});
    SIZE_T copied = 7;
    CHECK_FALSE(ReadProcessMemory(GetCurrentProcess(), reinterpret_cast<void*>(0x1000),
                                  memory.at(6), 2 * page_bytes, &copied));
    CHECK(copied == 0);
    CHECK_FALSE(ReadProcessMemory(reinterpret_cast<HANDLE>(0xdead), message, memory.at(9),
                                  sizeof(message), &copied));
    CHECK(GetLastError() == ERROR_INVALID_HANDLE);
    CHECK(memory.written() ==
          windows_says(Pages{}, stock_wrong(Pages{6, 7, 9}, "touches the buffer before it reads "
                                                            "(8.0 measured, 11.10 code)")));
}

#if !WW_ON_THUNKS // which store it themselves, after the call
TEST_CASE("ReadProcessMemory whose count cannot be stored: refused, nothing is reported") {
    auto* const read_only = static_cast<SIZE_T*>(
        VirtualAlloc(nullptr, page_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY));
    const Watched memory(pages);
    CHECK_FALSE(ReadProcessMemory(GetCurrentProcess(), message, memory.at(6), sizeof(message),
                                  read_only));
    CHECK(GetLastError() == ERROR_NOACCESS);
    CHECK(memory.written() ==
          windows_says(Pages{}, stock_wrong(Pages{6}, "reads first (8.0, measured)")));
    VirtualFree(read_only, 0, MEM_RELEASE);
}
#endif

#ifdef _WIN64
TEST_CASE("ReadProcessMemory that fails half-way: pages behind are not reported") {
    const Watched memory(pages);
    // Far from what Wine keeps for itself: there a free page is inaccessible,
    // which wineserver reads.
    constexpr size_t unit = 0x10000;
    void* const far_away = reinterpret_cast<void*>(0x123400000000);
    char* const place =
        static_cast<char*>(VirtualAlloc(far_away, unit, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
    REQUIRE(place == far_away);
    char* const source = place + unit - 2 * page_bytes;
    SIZE_T copied = 7;
    CHECK_FALSE(
        ReadProcessMemory(GetCurrentProcess(), source, memory.at(3), 4 * page_bytes, &copied));
    const DWORD error = GetLastError();
    CHECK(error == windows_says<DWORD>(ERROR_PARTIAL_COPY,
                                       stock_wrong<DWORD>(ERROR_NOACCESS, "8.0 (measured)")));
    const bool whole_pages = copied == 2 * page_bytes;
    CHECK(whole_pages == windows_says(true, stock_wrong(false, "8.0 reads all or nothing")));
    CHECK(memory.written() ==
          windows_says(Pages{3, 4}, stock_wrong(Pages{3, 4, 5, 6}, "touches the buffer before it "
                                                                   "reads (8.0 measured)")));
    VirtualFree(place, 0, MEM_RELEASE);
}
#endif

TEST_CASE("WriteProcessMemory into this process's watched memory: reported") {
    const Watched memory(pages);
    memory.write({3});
    CHECK(memory.take() == Pages{3});
    SIZE_T written = 0;
    for (const size_t page : {size_t{3}, size_t{8}})
        REQUIRE(WriteProcessMemory(GetCurrentProcess(), memory.at(page, page_bytes - 4), message, 8,
                                   &written));
    CHECK(written == 8);
    CHECK(memory.take() == windows_says(Pages{3, 4, 8, 9},
                                        stock_wrong(Pages{}, "8.0 stores by way of wineserver, "
                                                             "past its write faults (measured)")));
}

TEST_CASE("WriteProcessMemory out of watched memory: nothing is reported") {
    const Watched memory(pages);
    char target[8];
    REQUIRE(WriteProcessMemory(GetCurrentProcess(), target, memory.at(3), sizeof(target), nullptr));
    CHECK(memory.written() == Pages{});
}

TEST_CASE("ReadProcessMemory out of watched memory: nothing is reported") {
    const Watched memory(pages);
    char buffer[8];
    REQUIRE(ReadProcessMemory(GetCurrentProcess(), memory.at(3), buffer, sizeof(buffer), nullptr));
    CHECK(memory.written() == Pages{});
}

TEST_CASE("system call that stores its result: the page is reported") {
    const Watched memory(pages);
    auto* const time = reinterpret_cast<LARGE_INTEGER*>(memory.at(6));
    REQUIRE(native().query_system_time(time) == STATUS_WAIT_0);
    CHECK(memory.take() == Pages{6});
    REQUIRE(native().query_system_time(time) == STATUS_WAIT_0);
    CHECK(memory.take() == Pages{6});
}

TEST_CASE("query that stores its outputs into watched memory: their pages are reported next") {
    // They are stored after the pages were collected.
    const Watched memory(pages);
    auto* const count = reinterpret_cast<ULONG_PTR*>(memory.at(2));
    auto* const granularity = reinterpret_cast<DWORD*>(memory.at(9));
    *count = pages;
    CHECK(memory.take() == Pages{2});
    void* found[pages];
    REQUIRE(GetWriteWatch(0, memory.at(0), page_bytes, found, count, granularity) == 0);
    CHECK(*count == 0);
    CHECK(memory.take() == Pages{2, 9});
}
