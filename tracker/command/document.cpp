// SPDX-License-Identifier: MIT
// Hidden: the build runs it for the files that are installed. A package that
// cannot may leave it to the user's shell.
#include "document/outline.h"
#include "failure.h"
#include "subcommand.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

namespace ww::command {

namespace {

struct Format {
    const char* name;
    std::string (*write)(const CommandOutline& command);
};
constexpr Format kFormats[] = {
    {"man", man_page},
    {"bash", bash_completion},
    {"zsh", zsh_completion},
    {"fish", fish_completion},
};

int document(const CLI::App& all, const std::string& wished) {
    for (const Format& format : kFormats) {
        if (wished == format.name)
            fmt::print("{}", format.write(outline_of(all)));
    }
    return kDone;
}

} // namespace

Run set_up_document(CLI::App& app) {
    auto wished = std::make_shared<std::string>();
    std::vector<std::string> names;
    for (const Format& format : kFormats)
        names.emplace_back(format.name);
    app.group(""); // hidden
    app.add_option("FORMAT", *wished, "What to write")->required()->check(CLI::IsMember(names));
    return [wished, &app] { return document(*app.get_parent(), *wished); };
}

} // namespace ww::command
