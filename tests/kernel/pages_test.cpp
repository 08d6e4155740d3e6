// SPDX-License-Identifier: MIT
// What makes a page written, and what does not.
#include "need.h"
#include "pages.h"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>

TEST_CASE("fresh memory: untouched and merely read pages are clean, written ones reported") {
    const Watched pages{6};
    pages.load(1);
    pages.store(3);
    CHECK(pages.written() == PageSet{3});
    CHECK(pages.written_and_reset() == PageSet{3});
    CHECK(pages.written().empty());
}

TEST_CASE("a page read first and written later is reported") {
    const Watched pages{2};
    pages.load(0);
    CHECK(pages.written_and_reset().empty());
    pages.store(0);
    CHECK(pages.written() == PageSet{0});
}

TEST_CASE("reset: a write after it is reported again, once") {
    const Watched pages{4};
    pages.store(2);
    CHECK(pages.written_and_reset() == PageSet{2});
    CHECK(pages.written_and_reset().empty());
    pages.store(2);
    pages.store(2);
    CHECK(pages.written_and_reset() == PageSet{2});
    pages.load(2);
    CHECK(pages.written_and_reset().empty());
}

TEST_CASE("without reset the answer can be had any number of times") {
    const Watched pages{4};
    pages.store(0);
    pages.store(3);
    for (int i = 0; i < 3; ++i)
        CHECK(pages.written() == PageSet{0, 3});
}

TEST_CASE("a store over a page boundary reports both pages") {
    const Watched pages{4};
    const std::uint64_t value = ~std::uint64_t{0};
    std::memcpy(pages.at(2) - 4, &value, sizeof value);
    CHECK(pages.written() == PageSet{1, 2});
}

TEST_CASE("memory that was populated before it is watched starts clean") {
    const Pages pages{8};
    pages.store_all();
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), pages.at(0), pages.bytes(), 0) == 0);
    std::array<void*, 8> out{};
    CHECK(ww_collect_pages(tracker.get(), pages.at(0), pages.bytes(), 0, out.data(), 8, nullptr) ==
          0);
    pages.store(5);
    CHECK(ww_collect_pages(tracker.get(), pages.at(0), pages.bytes(), 0, out.data(), 8, nullptr) ==
          1);
    CHECK(out[0] == pages.at(5));
}

TEST_CASE("KEEP: what was populated before counts as written") {
    const Pages pages{4};
    pages.store(1);
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), pages.at(0), pages.bytes(), WW_WATCH_KEEP) == 0);
    void* out = nullptr;
    CHECK(ww_collect_pages(tracker.get(), pages.at(0), pages.bytes(), 0, &out, 1, nullptr) == 1);
    CHECK(out == pages.at(1));
}

TEST_CASE("mprotect to read-only, to nothing and back changes no answer") {
    NEED(can::keep_state_when_protected);
    const Watched pages{4};
    pages.store(1);
    pages.store(2);
    CHECK(pages.collect(WW_RESET, 2, 1) == PageSet{2});
    for (const int protection : {PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE}) {
        REQUIRE(::mprotect(pages.at(0), pages.bytes(), protection) == 0);
        CHECK(pages.written() == PageSet{1});
    }
    pages.store(2);
    CHECK(pages.written() == PageSet{1, 2});
}

TEST_CASE("pages can be reset while nothing may touch them") {
    NEED(can::keep_state_when_protected);
    const Watched pages{2};
    pages.store(0);
    REQUIRE(::mprotect(pages.at(0), pages.bytes(), PROT_NONE) == 0);
    CHECK(pages.written_and_reset() == PageSet{0});
    REQUIRE(::mprotect(pages.at(0), pages.bytes(), PROT_READ | PROT_WRITE) == 0);
    CHECK(pages.written().empty());
    pages.store(0);
    CHECK(pages.written() == PageSet{0});
}

TEST_CASE(
    "the kernel's writes are reported, and succeed: read, pread, recv, getrandom, self-writes") {
    NEED(can::kernel_writes);
    const Watched pages{8};
    pages.store_all();
    REQUIRE(pages.written_and_reset().size() == 8);

    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    REQUIRE(::write(pipe_ends[1], "x", 1) == 1);
    CHECK(::read(pipe_ends[0], pages.at(0), 1) == 1);

    const int file = ::open("/proc/self/exe", O_RDONLY);
    REQUIRE(file >= 0);
    CHECK(::pread(file, pages.at(1), 16, 0) == 16);

    int sockets[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    REQUIRE(::send(sockets[0], "y", 1, 0) == 1);
    CHECK(::recv(sockets[1], pages.at(2), 1, 0) == 1);

    CHECK(::getrandom(pages.at(3), 8, 0) == 8);

    char byte = 'z';
    const iovec from{&byte, 1};
    const iovec to{pages.at(4), 1};
    CHECK(::process_vm_writev(::getpid(), &from, 1, &to, 1, 0) == 1);

    const int memory = ::open("/proc/self/mem", O_RDWR);
    REQUIRE(memory >= 0);
    CHECK(::pwrite(memory, "w", 1,
                   static_cast<off_t>(reinterpret_cast<std::uintptr_t>(pages.at(5)))) == 1);

    CHECK(pages.written() == PageSet{0, 1, 2, 3, 4, 5});
    for (const int fd : {pipe_ends[0], pipe_ends[1], file, sockets[0], sockets[1], memory})
        ::close(fd);
}

TEST_CASE("a short read marks no page behind what it read") {
    NEED(can::kernel_writes);
    const Watched pages{4};
    pages.store_all();
    REQUIRE(pages.written_and_reset().size() == 4);
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    REQUIRE(::write(pipe_ends[1], "short", 5) == 5);
    CHECK(::read(pipe_ends[0], pages.at(0), pages.bytes()) == 5);
    CHECK(pages.written() == PageSet{0});
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
}

TEST_CASE("memory advised to be huge reports one page for one store") {
    constexpr std::size_t kHuge = 2U << 20;
    const Pages pages{2 * kHuge / kPage, kHuge};
    static_cast<void>(::madvise(pages.at(0), pages.bytes(), MADV_HUGEPAGE));
    pages.store(0); // half of it populated as a huge page, if the machine gives one
    const TrackerPtr tracker = make_tracker();
    REQUIRE(ww_watch(tracker.get(), pages.at(0), pages.bytes(), 0) == 0);
    pages.store(3);
    pages.store(kHuge / kPage + 7);
    std::array<ww_range, 8> out{};
    REQUIRE(ww_collect_ranges(tracker.get(), pages.at(0), pages.bytes(), WW_RESET, out.data(),
                              out.size(), nullptr) == 2);
    CHECK(out[0].base == pages.at(3));
    CHECK(out[0].bytes == kPage);
    CHECK(out[1].base == pages.at(kHuge / kPage + 7));
    CHECK(out[1].bytes == kPage);
}

TEST_CASE(
    "a page written before a fork is shared with nobody's answer: the parent's writes count") {
    const Watched pages{4};
    pages.store(0);
    REQUIRE(pages.written_and_reset() == PageSet{0});
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    pages.store(0);
    pages.store(2);
    CHECK(pages.written() == PageSet{0, 2});
}

#if UINTPTR_MAX > 0xffffffff
namespace {

std::size_t page_table_kib() {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmPTE:"))
            return std::stoul(line.substr(6));
    }
    return 0;
}

} // namespace

TEST_CASE("256 GiB: watching adds no page tables, and few touched pages are found exactly") {
    constexpr std::size_t kBytes = std::size_t{256} << 30;
    const std::size_t before = page_table_kib();
    const Watched pages{kBytes / kPage};
    CHECK(page_table_kib() < before + 1024);
    CHECK(pages.written().empty());
    PageSet touched;
    for (std::size_t i = 0; i < 100; ++i)
        touched.insert(i * 655'357 % pages.count());
    for (const std::size_t page : touched)
        pages.store(page);
    std::vector<void*> out(1000);
    REQUIRE(ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, out.data(),
                             out.size(), nullptr) == 100);
    std::size_t i = 0;
    for (const std::size_t page : touched)
        CHECK(out[i++] == pages.at(page));
    CHECK(ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, out.data(),
                           out.size(), nullptr) == 0);
}
#endif
