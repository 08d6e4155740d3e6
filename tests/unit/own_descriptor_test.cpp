// SPDX-License-Identifier: MIT
#include "kernel/own_descriptor.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

using ww::kernel::Error;
using ww::kernel::OwnDescriptor;
using ww::kernel::Result;
using ww::kernel::UniqueFd;

namespace {

bool g_can_open = true;

Result<UniqueFd> open_null() noexcept {
    if (!g_can_open)
        return Error{EMFILE};
    return UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

} // namespace

TEST_CASE("own descriptor: an error on a file that is still there is what it says") {
    Result<OwnDescriptor> own = OwnDescriptor::create(open_null);
    REQUIRE(own);
    const Result<bool> reopened = own->reopen_if_lost(own->use());
    REQUIRE(reopened);
    CHECK_FALSE(*reopened);
    CHECK(own->reopened() == 0);
}

TEST_CASE("own descriptor: of two that find it closed one opens it, the other only repeats") {
    Result<OwnDescriptor> own = OwnDescriptor::create(open_null);
    REQUIRE(own);
    const OwnDescriptor::Use used = own->use();
    ::close(used.number());
    for (int i = 0; i < 2; ++i) { // the same number again, and the same inode
        const Result<bool> reopened = own->reopen_if_lost(used);
        REQUIRE(reopened);
        CHECK(*reopened);
    }
    CHECK(own->reopened() == 1);
    CHECK(own->use().number() == used.number());
    CHECK(is_open(used.number()));
    CHECK_FALSE(is_open(used.number() + 1));
}

TEST_CASE("own descriptor: what cannot be opened again stays lost, and is opened later") {
    Result<OwnDescriptor> own = OwnDescriptor::create(open_null);
    REQUIRE(own);
    const OwnDescriptor::Use used = own->use();
    ::close(used.number());
    g_can_open = false;
    CHECK(own->reopen_if_lost(used).error() == Error{EMFILE});
    g_can_open = true;
    const Result<bool> reopened = own->reopen_if_lost(used);
    REQUIRE(reopened);
    CHECK(*reopened);
}

TEST_CASE("own descriptor: a number that is somebody else's now is not closed") {
    int number = -1;
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    {
        Result<OwnDescriptor> own = OwnDescriptor::create(open_null);
        REQUIRE(own);
        number = own->use().number();
        OwnDescriptor moved{std::move(*own)};
        CHECK(moved.use().number() == number);
        REQUIRE(::dup2(pipe_ends[0], number) == number);
    }
    CHECK(is_open(number));
    for (const int fd : {number, pipe_ends[0], pipe_ends[1]})
        ::close(fd);
}
