// SPDX-License-Identifier: MIT
// What a socket receives is stored on the program's behalf. All pages of the
// buffer count when the call is issued, those that were filled when it is done.
// T: ws2_32/tests/sock.c, test_write_watch.
#include <winsock2.h>

#include "support.h"

#include <cstring>

namespace {

constexpr size_t pages = 16;
const char message[] = "Hello, pages";

struct WinSock {
    WinSock() {
        WSADATA data;
        REQUIRE(WSAStartup(MAKEWORD(2, 2), &data) == 0);
    }
    ~WinSock() { WSACleanup(); }
};

// Two connected sockets on the loopback interface.
struct Connection {
    WinSock winsock;
    SOCKET receiver;
    SOCKET sender;

    Connection() {
        const SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int length = sizeof(address);
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(bind(listener, any, length) == 0);
        REQUIRE(listen(listener, 1) == 0);
        REQUIRE(getsockname(listener, any, &length) == 0);
        sender = socket(AF_INET, SOCK_STREAM, 0);
        REQUIRE(connect(sender, any, length) == 0);
        receiver = accept(listener, nullptr, nullptr);
        REQUIRE(receiver != INVALID_SOCKET);
        closesocket(listener);
    }
    ~Connection() {
        closesocket(receiver);
        closesocket(sender);
    }

    void send_message() const {
        REQUIRE(send(sender, message, sizeof(message), 0) == sizeof(message));
    }
};

WSABUF buffer_of(const Watched& memory, size_t first, size_t count) {
    return {static_cast<ULONG>(count * page_bytes), memory.at(first)};
}

} // namespace

TEST_CASE("recv: all pages of the buffer are reported, and no other") {
    const Watched memory(pages);
    const Connection connection;
    connection.send_message();
    REQUIRE(recv(connection.receiver, memory.at(2), 4 * page_bytes, 0) == sizeof(message));
    CHECK(std::memcmp(memory.at(2), message, sizeof(message)) == 0);
    CHECK(memory.take() == Pages{2, 3, 4, 5});
}

TEST_CASE("recv of a bad socket: nothing is reported") {
    const Watched memory(pages);
    const WinSock winsock;
    CHECK(recv(0xdead, memory.at(0), page_bytes, 0) == SOCKET_ERROR);
    CHECK(WSAGetLastError() == WSAENOTSOCK);
    CHECK(memory.written() == Pages{});
}

TEST_CASE("overlapped WSARecv: all pages at issue, the filled one and the OVERLAPPED's when done") {
    const Watched memory(pages);
    const Connection connection;
    auto* const state = reinterpret_cast<WSAOVERLAPPED*>(memory.at(pages - 1));
    state->hEvent = CreateEventA(nullptr, TRUE, FALSE, nullptr);
    CHECK(memory.take() == Pages{pages - 1});

    WSABUF buffer = buffer_of(memory, 0, 8);
    DWORD flags = 0, received = 0;
    REQUIRE(WSARecv(connection.receiver, &buffer, 1, nullptr, &flags, state, nullptr) ==
            SOCKET_ERROR);
    REQUIRE(WSAGetLastError() == WSA_IO_PENDING);
    Pages at_issue = page_range(0, 7);
    at_issue.push_back(pages - 1);
    CHECK(memory.take() == at_issue);

    connection.send_message();
    REQUIRE(WSAGetOverlappedResult(connection.receiver, state, &received, TRUE, &flags));
    CHECK(received == sizeof(message));
    CHECK(memory.take() ==
          windows_says(
              Pages{0, pages - 1},
              stock_wrong(Pages{pages - 1}, "8.0 misses what is received later (measured)")));
    CloseHandle(state->hEvent);
}

TEST_CASE("WSARecv into two buffers: the pages of both are reported") {
    const Watched memory(pages);
    const Connection connection;
    connection.send_message();
    WSABUF buffers[] = {{4, memory.at(1)}, {static_cast<ULONG>(2 * page_bytes), memory.at(7)}};
    DWORD flags = 0, received = 0;
    REQUIRE(WSARecv(connection.receiver, buffers, 2, &received, &flags, nullptr, nullptr) == 0);
    CHECK(received == sizeof(message));
    CHECK(memory.take() == Pages{1, 7, 8});
}

TEST_CASE("send out of watched memory: nothing is reported") {
    const Watched memory(pages);
    const Connection connection;
    REQUIRE(send(connection.sender, memory.at(0), page_bytes, 0) == int{page_bytes});
    CHECK(memory.written() == Pages{});
}
