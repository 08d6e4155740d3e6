// SPDX-License-Identifier: MIT
#include "answer.h"

#include <doctest/doctest.h>
#include <vector>

using ww::AddressAnswer;
using ww::Range;
using ww::RangeAnswer;

namespace {

struct Piece {
    void* base;
    std::size_t bytes;
    friend bool operator==(const Piece&, const Piece&) = default;
};

void* at(std::uintptr_t address) {
    return reinterpret_cast<void*>(address);
}

} // namespace

TEST_CASE("addresses: every page of every region is stored, in order") {
    for (const std::size_t page : {std::size_t{0x1000}, std::size_t{0x4000}}) {
        CAPTURE(page);
        std::vector<void*> out(8);
        AddressAnswer answer{out.data(), out.size(), page};
        answer.take({4 * page, 6 * page});
        answer.take({9 * page, 10 * page});
        REQUIRE(answer.count() == 3);
        CHECK(out[0] == at(4 * page));
        CHECK(out[1] == at(5 * page));
        CHECK(out[2] == at(9 * page));
        CHECK(out[3] == nullptr);
        CHECK(answer.page_room() == 5);
    }
}

TEST_CASE("ranges: regions that touch become one, also across two steps") {
    std::vector<Piece> out(4);
    RangeAnswer answer{out.data(), out.size()};
    answer.take({0x1000, 0x3000});
    answer.take({0x3000, 0x4000});
    answer.take({0x5000, 0x6000});
    REQUIRE(answer.count() == 2);
    CHECK(out[0] == Piece{at(0x1000), 0x3000});
    CHECK(out[1] == Piece{at(0x5000), 0x1000});
}

TEST_CASE("ranges: a full answer asks for no more pages, one with room for any number") {
    std::vector<Piece> out(1);
    RangeAnswer answer{out.data(), out.size()};
    CHECK(answer.page_room() == ww::kNoLimit);
    answer.take({0x1000, 0x2000});
    CHECK(answer.page_room() == 0);
    CHECK(answer.region_room() == 0);
}

TEST_CASE("bitmap: bits of written pages are set, over word boundaries, others are left alone") {
    constexpr std::size_t kPageBytes = 0x1000;
    std::vector<std::uint64_t> words{1, 0, 0};
    constexpr std::uintptr_t base = 0x40000000;
    ww::BitmapAnswer answer{words.data(), words.size(), base, kPageBytes};
    answer.take({base + 62 * kPageBytes, base + 129 * kPageBytes});
    answer.take({base + 191 * kPageBytes, base + 192 * kPageBytes});
    CHECK(words[0] == ((std::uint64_t{3} << 62) | 1));
    CHECK(words[1] == ~std::uint64_t{0});
    CHECK(words[2] == ((std::uint64_t{1} << 63) | 1));
    CHECK(answer.count() == 68);
}

TEST_CASE("bitmap: only as much of the range is taken as the words have bits for") {
    constexpr std::size_t kPageBytes = 0x1000;
    const ww::BitmapAnswer answer{nullptr, 2, 0, kPageBytes};
    CHECK(answer.fitting({0, 127 * kPageBytes}) == Range{0, 127 * kPageBytes});
    CHECK(answer.fitting({0, 128 * kPageBytes}) == Range{0, 128 * kPageBytes});
    CHECK(answer.fitting({0, 129 * kPageBytes}) == Range{0, 128 * kPageBytes});
    CHECK(ww::BitmapAnswer{nullptr, 0, 0, kPageBytes}.fitting({0, kPageBytes}).empty());
}

TEST_CASE("count: pages are counted up to the limit that is left") {
    ww::CountAnswer answer{5, 0x4000};
    CHECK(answer.page_room() == 5);
    answer.take({0x4000, 0x10000});
    CHECK(answer.count() == 3);
    CHECK(answer.page_room() == 2);
}
