// SPDX-License-Identifier: MIT
// Both requests on another process.
#include "registered.h"

#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <utility>

namespace {

// A forked child with registered pages of its own, which stores where it is
// told, at the addresses that `pages` has here.
class Child {
public:
    explicit Child(const Pages& pages) {
        REQUIRE(::pipe(to_child_) == 0);
        REQUIRE(::pipe(to_parent_) == 0);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0)
            serve(pages);
        wait();
    }
    ~Child() {
        if (pid_ > 0)
            end();
        for (const int fd : {to_child_[0], to_child_[1], to_parent_[0], to_parent_[1]})
            ::close(fd);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int pid() const { return pid_; }
    void store(std::size_t page) const {
        REQUIRE(::write(to_child_[1], &page, sizeof page) == sizeof page);
        wait();
    }
    int end() {
        ::kill(pid_, SIGKILL);
        REQUIRE(::waitpid(pid_, nullptr, 0) == pid_);
        return std::exchange(pid_, 0);
    }

private:
    [[noreturn]] void serve(const Pages& pages) const {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const Registration registration;
        registration.add(pages.at(0), pages.bytes());
        std::size_t page = 0;
        do {
            if (::write(to_parent_[1], "", 1) != 1)
                ::_exit(1);
            if (::read(to_child_[0], &page, sizeof page) != sizeof page)
                ::_exit(0);
            pages.store(page);
        } while (true);
    }
    void wait() const {
        char done = 0;
        REQUIRE(::read(to_parent_[0], &done, 1) == 1);
    }

    int to_child_[2];
    int to_parent_[2];
    pid_t pid_ = 0;
};

} // namespace

TEST_CASE("another process: its written pages are told, cleared, and told again") {
    const Pages pages{32};
    pages.store(9); // inherited by the child
    const Child child{pages};
    child.store(3);
    CHECK(v7_get(pages, child.pid()) == PageSet{3, 9});
    CHECK(v7_get_and_clear(pages, child.pid()) == PageSet{3, 9});
    CHECK(v7_get(pages, child.pid()).empty());
    child.store(9);
    child.store(10);
    CHECK(today_get(pages, child.pid()) == PageSet{9, 10});
    CHECK(today_get_and_clear(pages, child.pid()) == PageSet{9, 10});
    child.store(11);
    CHECK(v7_clear(pages, child.pid()) == 0);
    CHECK(today_get(pages, child.pid()).empty());
}

TEST_CASE("another process: clearing there changes nothing here, nor the other way round") {
    const Registered pages{8};
    pages.store(1);
    const Child child{pages};
    CHECK(v7_get_and_clear(pages, child.pid()) == PageSet{1});
    CHECK(v7_get(pages) == PageSet{1});
    child.store(2);
    CHECK(v7_get_and_clear(pages) == PageSet{1});
    CHECK(v7_get(pages, child.pid()) == PageSet{2});
}

TEST_CASE("process 0 is the caller, in a forked child the child") {
    const Registered pages{4};
    pages.store(1);
    REQUIRE(v7_get_and_clear(pages) == PageSet{1});
    const pid_t child = ::fork();
    if (child == 0) {
        // Not registered there, so engaging must fail, and must not reach us.
        pages.store(2);
        ww_v7_page_region out[4];
        const ww_v7_pagemap_scan_arg get = v7_request(pages, out, 0);
        const ww_v7_pagemap_scan_arg engage = v7_request(pages, out, WW_V7_PAGEMAP_WP_ENGAGE);
        const bool right = ww_v7_pagemap_scan(0, &get) == 1 && out[0].len == 2 &&
                           ww_v7_pagemap_scan(0, &engage) == -EPERM;
        ::_exit(right ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(v7_get(pages).empty());
}

TEST_CASE("a process that has exited, never was, or cannot be, is not found") {
    const Pages pages{1};
    Child child{pages};
    ww_v7_page_region v7_out{};
    ww_page_region out{};
    const ww_v7_pagemap_scan_arg v7_arg = v7_request(pages, {&v7_out, 1}, 0);
    ww_pm_scan_arg arg = today_request(pages, {&out, 1}, 0);
    for (const int pid : {child.end(), -1, 0x7fffffff}) {
        CAPTURE(pid);
        CHECK(ww_v7_pagemap_scan(pid, &v7_arg) == -ESRCH);
        CHECK(ww_pagemap_scan(pid, &arg) == -ESRCH);
    }
}

TEST_CASE("a process that may not be read is refused") {
    if (::geteuid() != 0) {
        MESSAGE("skipped: only root can become another user");
        return;
    }
    const Pages pages{1};
    pages.store(0);
    const Child child{pages};
    const pid_t stranger = ::fork();
    if (stranger == 0) {
        constexpr uid_t kNobody = 65534;
        ww_v7_page_region out{};
        const ww_v7_pagemap_scan_arg arg = v7_request(pages, {&out, 1}, 0);
        if (::setuid(kNobody) != 0)
            ::_exit(2);
        const std::ptrdiff_t result = ww_v7_pagemap_scan(child.pid(), &arg);
        ::_exit(result == -EACCES || result == -EPERM ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(stranger, &status, 0) == stranger);
    CHECK(status == 0);
}
