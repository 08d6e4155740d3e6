// SPDX-License-Identifier: MIT
// The command line as a whole, built from the table of subcommands.
#pragma once

#include "subcommand.h"

#include <CLI/CLI.hpp>

namespace ww::command {

class Application {
public:
    Application();

    // Parses and runs. Errors are one sentence on stderr.
    int run(int argument_count, char** arguments);

    CLI::App& app() noexcept { return app_; }

private:
    void parse(int argument_count, char** arguments);

    CLI::App app_;
    Run chosen_;
};

} // namespace ww::command
