// SPDX-License-Identifier: MIT
// What a host program must not notice.
#include "host.h"
#include "need.h"
#include "pages.h"

#include <cerrno>
#include <csignal>

TEST_CASE("errno is kept by calls that succeed and by calls that fail") {
    const Watched pages{4};
    errno = 4242;
    pages.store(1);
    void* out = nullptr;
    CHECK(ww_collect_pages(pages.tracker(), pages.at(0), kPage, 0, &out, 1, nullptr) == 0);
    CHECK(ww_collect_pages(pages.tracker(), pages.at(4), kPage, 0, &out, 1, nullptr) < 0);
    CHECK(ww_watch(pages.tracker(), pages.at(0), kPage, 0) < 0);
    CHECK(ww_unwatch(pages.tracker(), pages.at(0), kPage) == 0);
    ww_tracker* another = nullptr;
    CHECK(ww_tracker_create(&another) == 0);
    ww_tracker_destroy(another);
    CHECK(errno == 4242);
}

TEST_CASE("a forked child has no watches and cannot act on its parent") {
    for (const bool raw : {false, true}) {
        CAPTURE(raw);
        const Watched pages{4};
        pages.store(1);
        REQUIRE(pages.written_and_reset() == PageSet{1});
        pages.store(2);
        const int status = in_child(raw, [&] {
            void* out = nullptr;
            const std::ptrdiff_t collected = ww_collect_pages(
                pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, &out, 1, nullptr);
            return collected == -ENOSYS && out == nullptr &&
                           ww_reset(pages.tracker(), pages.at(0), kPage) == -ENOSYS &&
                           ww_unwatch(pages.tracker(), pages.at(0), kPage) == -ENOSYS &&
                           ww_forget(pages.tracker(), pages.at(0), kPage) == -ENOSYS &&
                           ww_remapped(pages.tracker(), pages.at(0), kPage) == -ENOSYS &&
                           ww_watch(pages.tracker(), pages.at(0), kPage, 0) == -ENOSYS &&
                           ww_find(pages.tracker(), pages.at(0), kPage, nullptr) == 0
                       ? 0
                       : 1;
        });
        CHECK(status == 0);
        CHECK(pages.written() == PageSet{2});
        pages.store(1);
        CHECK(pages.written() == PageSet{1, 2});
    }
}

TEST_CASE("a forked child can make a tracker of its own, and free the inherited one") {
    Watched pages{4};
    pages.store(2);
    const int status = in_child(false, [&] {
        ww_tracker_destroy(pages.tracker());
        ww_tracker* own = nullptr;
        if (ww_tracker_create(&own) != 0 || ww_watch(own, pages.at(0), pages.bytes(), 0) != 0)
            return 1;
        pages.store(3);
        void* out[4] = {};
        const std::ptrdiff_t found =
            ww_collect_pages(own, pages.at(0), pages.bytes(), WW_RESET, out, 4, nullptr);
        return found == 1 && out[0] == pages.at(3) ? 0 : 2;
    });
    CHECK(status == 0);
    CHECK(pages.written() == PageSet{2});
}

TEST_CASE("all descriptors are close-on-exec, and gone with the tracker") {
    const std::set<int> before = open_descriptors();
    {
        const TrackerPtr tracker = make_tracker();
        std::size_t added = 0;
        for (const int fd : open_descriptors()) {
            if (before.contains(fd))
                continue;
            ++added;
            CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        }
        CHECK(added == (serves_by_mprotect() ? 0 : 2));
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("the signal mask is as before after every call") {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigset_t original;
    REQUIRE(::pthread_sigmask(SIG_SETMASK, &mask, &original) == 0);
    {
        const Watched pages{4};
        CHECK(ww_unwatch(pages.tracker(), pages.at(0), kPage) == 0);
        CHECK(ww_forget(pages.tracker(), pages.at(1), kPage) == 0);
    }
    sigset_t after;
    REQUIRE(::pthread_sigmask(SIG_SETMASK, &original, &after) == 0);
    for (int signal = 1; signal < 32; ++signal)
        CHECK(sigismember(&after, signal) == (signal == SIGUSR2));
}
