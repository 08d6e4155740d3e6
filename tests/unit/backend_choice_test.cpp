// SPDX-License-Identifier: MIT
#include "backend_choice.h"

#include <cerrno>
#include <doctest/doctest.h>

using ww::BackendKind;
using ww::Choice;
using ww::choose;
using ww::Setting;
using ww::setting_of;
using ww::kernel::Error;
using ww::kernel::Missing;
using ww::kernel::Verdict;

namespace {

const auto works = [] { return Verdict{}; };
const auto lacks = [] { return Verdict{Missing::scan, Error{ENOTTY}}; };
const auto never_asked = []() -> Verdict {
    FAIL("asked the kernel");
    return {};
};
constexpr BackendKind kAny = BackendKind::none;

} // namespace

TEST_CASE("choice: pagemap-scan where it works, else mprotect and the reason why") {
    CHECK(choose(kAny, Setting::nothing, works).kind == BackendKind::pagemap_scan);
    CHECK(choose(kAny, Setting::nothing, works).reason.missing == Missing::nothing);
    CHECK(choose(kAny, Setting::nothing, lacks).kind == BackendKind::protection);
    CHECK(choose(kAny, Setting::nothing, lacks).reason.missing == Missing::scan);
}

TEST_CASE("choice: what fails just now is no ground for another back end") {
    for (const int error : {EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN}) {
        const Choice choice = choose(kAny, Setting::nothing, [&] {
            return Verdict{Missing::userfaultfd, Error{error}};
        });
        CHECK(choice.kind == BackendKind::none);
        CHECK(choice.reason.error == Error{error});
    }
    for (const int error : {EPERM, EACCES, ENOSYS, ENOTSUP, ENOTTY, EINVAL, ENOENT})
        CHECK_FALSE(Error{error}.passes());
}

TEST_CASE("choice: who demands one gets it or nothing") {
    constexpr BackendKind kScan = BackendKind::pagemap_scan;
    CHECK(choose(kScan, Setting::nothing, works).kind == kScan);
    CHECK(choose(kScan, Setting::nothing, lacks).kind == BackendKind::none);
    CHECK(choose(kScan, Setting::nothing, lacks).reason.missing == Missing::scan);
    CHECK(choose(BackendKind::protection, Setting::nothing, never_asked).kind ==
          BackendKind::protection);
}

TEST_CASE("choice: the user's word beats what works, and no demand gets round it") {
    CHECK(choose(kAny, Setting::protection, never_asked).kind == BackendKind::protection);
    CHECK(choose(kAny, Setting::pagemap_scan, works).kind == BackendKind::pagemap_scan);
    CHECK(choose(kAny, Setting::pagemap_scan, lacks).kind == BackendKind::none);
    CHECK(choose(BackendKind::pagemap_scan, Setting::protection, never_asked).kind ==
          BackendKind::none);
    CHECK(choose(BackendKind::protection, Setting::pagemap_scan, never_asked).kind ==
          BackendKind::none);
    for (const BackendKind demanded : {kAny, BackendKind::pagemap_scan, BackendKind::protection}) {
        const Choice none = choose(demanded, Setting::none, never_asked);
        CHECK(none.kind == BackendKind::none);
        CHECK(none.reason.missing == Missing::setting_is_none);
        const Choice unknown = choose(demanded, Setting::unknown, never_asked);
        CHECK(unknown.kind == BackendKind::none);
        CHECK(unknown.reason.missing == Missing::known_setting);
    }
}

TEST_CASE("settings: three words, nothing, and everything else") {
    CHECK(setting_of(nullptr) == Setting::nothing);
    CHECK(setting_of("") == Setting::nothing);
    CHECK(setting_of("pagemap-scan") == Setting::pagemap_scan);
    CHECK(setting_of("mprotect") == Setting::protection);
    CHECK(setting_of("none") == Setting::none);
    for (const char* wrong : {"MPROTECT", "mprotect ", "uffd", "0"})
        CHECK(setting_of(wrong) == Setting::unknown);
}
