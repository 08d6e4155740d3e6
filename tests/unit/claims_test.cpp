// SPDX-License-Identifier: MIT
#include "claims.h"

#include <doctest/doctest.h>

using ww::Arena;
using ww::Claims;
using ww::Range;
using ww::kernel::Error;

TEST_CASE("claims: a claimed range is met by what overlaps it, and by nothing else") {
    Arena arena;
    Claims claims{arena};
    CHECK_FALSE(claims.meet({0, 0x10000}));
    CHECK(claims.add({0x2000, 0x4000}) == Error::none);
    CHECK(claims.meet({0x1000, 0x3000}));
    CHECK(claims.meet({0x3000, 0x9000}));
    CHECK_FALSE(claims.meet({0x1000, 0x2000}));
    CHECK_FALSE(claims.meet({0x4000, 0x5000}));
}

TEST_CASE("claims: overlapping ones are refused, neighbours are not, and an ended one frees") {
    Arena arena;
    Claims claims{arena};
    CHECK(claims.add({0x2000, 0x4000}) == Error::none);
    CHECK(claims.add({0x3000, 0x5000}) == Error::busy);
    CHECK(claims.add({0x4000, 0x5000}) == Error::none);
    claims.remove({0x2000, 0x4000});
    CHECK_FALSE(claims.meet({0x2000, 0x4000}));
    CHECK(claims.meet({0x4000, 0x5000}));
    CHECK(claims.add({0x1000, 0x3000}) == Error::none);
    CHECK(claims.meet({0x2000, 0x3000}));
}
