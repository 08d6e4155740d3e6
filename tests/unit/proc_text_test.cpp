// SPDX-License-Identifier: MIT
#include "kernel/proc_text.h"

#include <doctest/doctest.h>
#include <string>
#include <unistd.h>

using ww::Range;
using ww::kernel::Device;
using ww::kernel::LineReader;
using ww::kernel::LineRoom;
using ww::kernel::parse_maps_line;
using ww::kernel::parse_mount_line;
using ww::kernel::UniqueFd;

namespace {

// A reader of a pipe that holds the text.
template<class Room>
LineReader reader_of(const std::string& text, Room& room) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    return LineReader{UniqueFd{ends[0]}, room};
}

} // namespace

TEST_CASE("maps: a file, anonymous memory, and the kernel's own are told apart") {
    const auto file = parse_maps_line(
        "7f897000-7f8bd000 r-xp 00026000 fe:1a 332835      /usr/lib/a name.so (deleted)");
    REQUIRE(file);
    CHECK(file->range == Range{0x7f897000, 0x7f8bd000});
    CHECK(file->device == Device{0xfe, 0x1a});
    CHECK(file->has_file);
    CHECK(file->offset == 0x26000);
    CHECK(file->inode == 332835);
    CHECK(file->name == "/usr/lib/a name.so (deleted)");

    const auto anonymous = parse_maps_line("1000-3000 rw-p 00000000 00:00 0 ");
    REQUIRE(anonymous);
    CHECK(anonymous->range == Range{0x1000, 0x3000});
    CHECK_FALSE(anonymous->has_file);
    CHECK(anonymous->name.empty());

    const auto vdso = parse_maps_line("1000-3000 r-xp 00000000 00:00 0      [vdso]");
    REQUIRE(vdso);
    CHECK(vdso->name == "[vdso]");
}

TEST_CASE("maps: what is no line of it is none") {
    for (const char* line : {"", "x", "1000", "1000-", "1000-2000", "1000-2000 r--p 0 0", "-"})
        CHECK_FALSE(parse_maps_line(line));
}

TEST_CASE("mountinfo: the type comes behind the dash, however many fields are in front") {
    const auto mount = parse_mount_line(
        "36 35 0:29 / /dev/shm rw,nosuid shared:4 master:1 - tmpfs tmpfs rw,size=1k");
    REQUIRE(mount);
    CHECK(mount->device == Device{0, 29});
    CHECK(mount->type == "tmpfs");
    const auto plain = parse_mount_line("22 1 254:0 / / rw - ext4 /dev/root rw");
    REQUIRE(plain);
    CHECK(plain->device == Device{254, 0});
    CHECK(plain->type == "ext4");
    CHECK_FALSE(parse_mount_line("22 1 254:0 / / rw"));
    CHECK_FALSE(parse_mount_line("22 1 nothing"));
}

TEST_CASE("lines: all are read, long ones cut, over the ends of the buffer") {
    std::string text;
    for (int i = 0; i < 300; ++i)
        text += std::to_string(i) + "\n";
    text += std::string(2000, 'x') + "\nlast\n";
    LineRoom<512, 512> room;
    LineReader lines = reader_of(text, room);
    for (int i = 0; i < 300; ++i)
        CHECK(lines.next() == std::to_string(i));
    CHECK(lines.next() == std::string(512, 'x'));
    CHECK(lines.next() == "last");
    CHECK_FALSE(lines.next());
    CHECK_FALSE(lines.error());
}

TEST_CASE("lines: where there is room for little the front of a mapping's line is whole") {
    LineRoom<96, 64> room;
    const std::string high_range =
        sizeof(void*) == 8 ? "ffffffffff600000-ffffffffff601000" : "ffffd000-fffff000";
    LineReader lines =
        reader_of(high_range + " --xp 7fffffff000 103:00002 4711 /a/b\n"
                               "7f897000-7f8bd000 rw-p 00026000 fe:1a 332835 /usr/lib/name.so\n",
                  room);
    const auto first = lines.next();
    REQUIRE(first);
    const auto high = parse_maps_line(*first);
    REQUIRE(high);
    CHECK(high->device == Device{0x103, 2});
    const auto second = lines.next();
    REQUIRE(second);
    const auto low = parse_maps_line(*second);
    REQUIRE(low);
    CHECK(low->range == Range{0x7f897000, 0x7f8bd000});
    CHECK(low->access.write);
}

TEST_CASE("lines: a file that cannot be read is an error, not an end") {
    LineRoom<64, 64> room;
    LineReader lines{UniqueFd{}, room};
    CHECK_FALSE(lines.next());
    CHECK(lines.error());
}
