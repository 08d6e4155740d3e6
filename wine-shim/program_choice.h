// SPDX-License-Identifier: MIT
// Which programs the user wants served, by their names.
#pragma once

#include <string_view>

namespace ww::wine {

// Lists of program names, judged for one program:
//
//     game.exe, launcher.exe     only these
//     -launcher.exe              all but this one
//
// Names are separated by commas or line ends, blanks around them do not count,
// and what begins with # is a comment up to the next separator. A name is the
// last part of a path; letters count in either case, and ".exe" may be left
// out. Several lists add up. A program that is excluded anywhere is out;
// otherwise it is in if it is named, or if no list names any program to take.
class ProgramChoice {
public:
    // `program` is a path of either kind, or empty if nobody knows.
    explicit ProgramChoice(std::string_view program) noexcept;

    void add(std::string_view list) noexcept;
    bool chosen() const noexcept { return !excluded_ && (named_ || !names_any_); }

private:
    void add_entry(std::string_view entry) noexcept;

    std::string_view program_;
    bool excluded_ = false;
    bool named_ = false;
    bool names_any_ = false;
};

} // namespace ww::wine
