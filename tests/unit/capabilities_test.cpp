// SPDX-License-Identifier: MIT
#include "kernel/capabilities.h"
#include "writewatch/writewatch.h"

#include <cerrno>
#include <doctest/doctest.h>
#include <string>

using ww::kernel::describe;
using ww::kernel::Error;
using ww::kernel::Missing;

namespace {

std::string words(Missing missing, Error error, std::size_t bytes = WW_REASON_BYTES) {
    std::string text(bytes, '#');
    describe({missing, error}, text);
    return text.substr(0, text.find('\0'));
}

constexpr Missing kAll[] = {Missing::userfaultfd,
                            Missing::asynchronous,
                            Missing::pagemap,
                            Missing::memory,
                            Missing::registration,
                            Missing::scan,
                            Missing::exactness,
                            Missing::setting_is_pagemap_scan,
                            Missing::setting_is_mprotect,
                            Missing::setting_is_none,
                            Missing::known_setting};

} // namespace

TEST_CASE("describe: every reason is one line of its own that fits") {
    for (const Missing missing : kAll) {
        const std::string text = words(missing, Error{4095});
        CHECK_FALSE(text.empty());
        CHECK(text.size() < WW_REASON_BYTES - 1);
        CHECK(text.find('\n') == std::string::npos);
        for (const Missing other : kAll)
            CHECK((other == missing || words(other, Error{4095}) != text));
    }
}

TEST_CASE("describe: the errno is named where there is one") {
    CHECK(words(Missing::userfaultfd, Error{EPERM}).ends_with("(errno 1)"));
    CHECK(words(Missing::exactness, Error::none).find("errno") == std::string::npos);
}

TEST_CASE("describe: nothing missing gives no words, little room cut ones") {
    CHECK(words(Missing::nothing, Error::none).empty());
    CHECK(words(Missing::scan, Error::none, 11) == "the kernel");
    CHECK(words(Missing::scan, Error::none, 1).empty());
    describe({Missing::scan, Error::none}, {});
}
