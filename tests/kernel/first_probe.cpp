// SPDX-License-Identifier: MIT
// The first look at the kernel, in a process that has no descriptor to spare just
// then. A program of its own: what is found is remembered.
#include "pages.h"

#include <cerrno>
#include <string_view>
#include <sys/resource.h>

namespace {

// No further descriptors while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        set(0);
    }
    ~NoDescriptors() { set(before_.rlim_cur); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
    void set(rlim_t limit) const {
        const rlimit limits{limit, before_.rlim_max};
        CHECK(::setrlimit(RLIMIT_NOFILE, &limits) == 0);
    }
    rlimit before_{};
};

} // namespace

TEST_CASE(
    "a first probe without descriptors fails with -EMFILE, and the next one is as any other") {
    char reason[WW_REASON_BYTES];
    ww_tracker* tracker = nullptr;
    {
        const NoDescriptors none;
        CHECK(ww_tracker_create(&tracker) == -EMFILE);
        CHECK(tracker == nullptr);
        CHECK(ww_probe(reason, sizeof reason) == WW_BACKEND_NONE);
        CHECK(std::string_view{reason}.ends_with("(errno 24)"));
        CHECK(ww_tracker_create(&tracker) == -EMFILE);
    }
    REQUIRE(ww_tracker_create(&tracker) == 0);
    const TrackerPtr made{tracker};
    const ww_backend found = ww_probe(reason, sizeof reason);
    CHECK(found != WW_BACKEND_NONE);
    CHECK(ww_tracker_backend(tracker) == found);
    CHECK(!std::string_view{reason}.ends_with("(errno 24)"));
}
