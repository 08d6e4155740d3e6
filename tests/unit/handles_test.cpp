// SPDX-License-Identifier: MIT
#include "kernel/handles.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

using ww::Range;
using ww::kernel::Mapping;
using ww::kernel::UniqueFd;

namespace {

int open_null() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

// Whether the first page of the range is mapped, without touching it.
bool is_mapped(Range range) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const bool readable = ::write(pipe_ends[1], reinterpret_cast<void*>(range.start), 1) == 1;
    for (const int fd : pipe_ends)
        ::close(fd);
    return readable;
}

} // namespace

TEST_CASE("UniqueFd: the descriptor is closed at the end of its owner") {
    int raw = -1;
    {
        const UniqueFd owner{open_null()};
        raw = owner.get();
        CHECK(is_open(raw));
    }
    CHECK_FALSE(is_open(raw));
}

TEST_CASE("UniqueFd: moving hands over, moving to itself keeps, releasing lets go") {
    UniqueFd first{open_null()};
    const int raw = first.get();
    UniqueFd second{std::move(first)};
    CHECK(second.get() == raw);
    UniqueFd& alias = second;
    second = std::move(alias);
    CHECK(is_open(second.get()));
    const int old = second.get();
    second = UniqueFd{open_null()};
    CHECK((second.get() == old || !is_open(old)));
    const int released = second.release();
    CHECK_FALSE(second);
    CHECK(is_open(released));
    ::close(released);
}

TEST_CASE("Mapping: memory is zero, rounded to pages, and unmapped at the end of its owner") {
    Range range;
    {
        auto memory = Mapping::create(1);
        REQUIRE(memory);
        range = memory->range();
        CHECK(range.bytes() == static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
        CHECK(*static_cast<const char*>(memory->data()) == 0);
        Mapping moved{std::move(*memory)};
        Mapping& alias = moved;
        moved = std::move(alias);
        CHECK(is_mapped(range));
        CHECK(moved.range() == range);
    }
    CHECK_FALSE(is_mapped(range));
}

TEST_CASE("Mapping: released memory stays until it is adopted again") {
    auto memory = Mapping::create(100);
    REQUIRE(memory);
    const Range range = memory->release();
    CHECK(is_mapped(range));
    { const Mapping again = Mapping::adopt(reinterpret_cast<void*>(range.start), 100); }
    CHECK_FALSE(is_mapped(range));
}
