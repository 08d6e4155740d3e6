// SPDX-License-Identifier: MIT
// What `writewatch` can do: one row of a table each. Help, the man page and
// shell completion are made from the table and from what set_up() adds.
//
// To add one: a file with its set_up(), a declaration below, a row in
// subcommands.cpp, a line in meson.build. Nothing else knows its name.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ww::command {

// Does what was asked and gives the exit status, or throws a Failure
// (failure.h).
using Run = std::function<int()>;

struct Subcommand {
    const char* name;
    const char* summary; // one line, without a full stop
    // Adds options and a footer to `app`, whose name and summary are there.
    // What is returned runs after they were parsed.
    Run (*set_up)(CLI::App& app);
    // How the program is given that it runs, behind its options; null if it runs none.
    const char* program = nullptr;
};

std::span<const Subcommand> subcommands() noexcept;

// For a subcommand that runs a program: what stands behind its options or behind
// "--", word by word as it was given. Empty if there is none.
std::vector<std::string> program_of(const CLI::App& app);

Run set_up_doctor(CLI::App& app);
Run set_up_document(CLI::App& app);
Run set_up_run(CLI::App& app);
Run set_up_top(CLI::App& app);
Run set_up_record(CLI::App& app);
Run set_up_report(CLI::App& app);

} // namespace ww::command
