// SPDX-License-Identifier: MIT
#include "program_choice.h"

#include <doctest/doctest.h>

using ww::wine::ProgramChoice;

namespace {

bool chosen(std::string_view program, std::initializer_list<std::string_view> lists) {
    ProgramChoice choice{program};
    for (const std::string_view list : lists)
        choice.add(list);
    return choice.chosen();
}

} // namespace

TEST_CASE("program choice: without a list every program, also one without a name") {
    CHECK(chosen("game.exe", {}));
    CHECK(chosen("", {}));
    CHECK(chosen("game.exe", {"", " ,\n", "# game.exe"}));
}

TEST_CASE("program choice: a name takes that program and no other") {
    CHECK(chosen("game.exe", {"game.exe"}));
    CHECK(chosen("game.exe", {"a.exe, game.exe ,b.exe"}));
    CHECK_FALSE(chosen("game.exe", {"games.exe"}));
    CHECK_FALSE(chosen("game.exe", {"ame.exe"}));
    CHECK_FALSE(chosen("", {"game.exe"}));
}

TEST_CASE("program choice: paths of either kind, letters of either case, .exe or not") {
    CHECK(chosen("/home/u/Game.exe", {"game.exe"}));
    CHECK(chosen("C:\\Games\\Big Game\\GAME.EXE", {"game"}));
    CHECK(chosen("game", {"Game.Exe"}));
    CHECK(chosen("C:\\big game.exe", {"a,big game.exe,b"}));
    CHECK_FALSE(chosen("game.exe.exe", {"game.exe"}));
}

TEST_CASE("program choice: an excluded program is out, whatever else is said") {
    CHECK_FALSE(chosen("launcher.exe", {"-launcher.exe"}));
    CHECK(chosen("game.exe", {"-launcher.exe"}));
    CHECK(chosen("", {"-launcher.exe"}));
    CHECK_FALSE(chosen("game.exe", {"game.exe,-game.exe"}));
    CHECK_FALSE(chosen("game.exe", {"- Game", "game.exe"}));
}

TEST_CASE("program choice: lists add up, and may have lines and comments") {
    CHECK(chosen("b.exe", {"a.exe", "# those that need it\r\n b.exe\r\n\r\n-c.exe\n"}));
    CHECK_FALSE(chosen("c.exe", {"a.exe", "b.exe\n-c.exe\n"}));
    CHECK_FALSE(chosen("d.exe", {"a.exe", "b.exe\n-c.exe\n"}));
}
