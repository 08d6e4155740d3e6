// SPDX-License-Identifier: MIT
#include "survey.h"

#include "kernel/pagemap.h"

#include <doctest/doctest.h>
#include <vector>

using ww::Range;
using ww::Survey;
using ww::Watched;
using ww::kernel::Pagemap;

namespace {

const std::vector<Watched> kParts{Range{0x1000, 0x3000}, Range{0x3000, 0x4000},
                                  Range{0x8000, 0xa000}};

} // namespace

TEST_CASE("survey: where nothing is tracked all parts are open") {
    const Survey survey{kParts};
    CHECK(survey.span() == Range{0x1000, 0xa000});
    CHECK(survey.open_parts() == 0b111);
}

TEST_CASE("survey: a part is closed when all of it is tracked and nothing was written") {
    Survey survey{kParts};
    survey.found({0x1000, 0x2000}, false);
    CHECK(survey.open_parts() == 0b111);
    survey.found({0x2000, 0x9000}, false);
    CHECK(survey.open_parts() == 0b100);
    survey.found({0x9000, 0xa000}, false);
    CHECK(survey.open_parts() == 0);
}

TEST_CASE("survey: what was written opens the parts that it lies in, and no others") {
    Survey survey{kParts};
    survey.found({0x0, 0x2000}, false);
    survey.found({0x2000, 0x4000}, true);
    survey.found({0x4000, 0x8000}, true);
    survey.found({0x8000, 0xb000}, false);
    CHECK(survey.open_parts() == 0b011);
    CHECK(survey.written_parts() == 0b011);
}

TEST_CASE("written pages, by their categories: with contents, and not the page of zeros") {
    using namespace ww::kernel::uapi;
    CHECK(Pagemap::written.matches(PAGE_IS_WRITTEN | PAGE_IS_PRESENT));
    CHECK(Pagemap::written.matches(PAGE_IS_WRITTEN | PAGE_IS_SWAPPED));
    CHECK_FALSE(Pagemap::written.matches(PAGE_IS_WRITTEN));
    CHECK_FALSE(Pagemap::written.matches(PAGE_IS_PRESENT));
    CHECK_FALSE(Pagemap::written.matches(PAGE_IS_WRITTEN | PAGE_IS_PRESENT | PAGE_IS_PFNZERO));
}
