// SPDX-License-Identifier: MIT
// The words of `--help`. The man page and shell completion are made from the
// same application by others.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace ww::command {

class HelpText : public CLI::Formatter {
public:
    HelpText();
    std::string make_usage(const CLI::App* app, std::string name) const override;
    std::string make_option_opts(const CLI::Option* option) const override;
    std::string make_option_desc(const CLI::Option* option) const override;
    std::string make_subcommand(const CLI::App* sub) const override;
    std::string make_footer(const CLI::App* app) const override;
};

// What follows an option, as "SECONDS"; empty for a flag.
std::string value_name(const CLI::Option* option);

// What stands behind the options of a subcommand that runs a program; or "".
std::string program_words(const CLI::App* app);

} // namespace ww::command
