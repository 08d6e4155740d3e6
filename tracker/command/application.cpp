// SPDX-License-Identifier: MIT
#include "application.h"

#include "failure.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace ww::command {

Application::Application()
    : app_("Tells which pages of memory programs write, and how fast that can be found out.",
           "writewatch") {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "writewatch " WW_VERSION, "Print the version");
    app_.set_help_flag("-h,--help", "Print this help");
    for (const Subcommand& subcommand : subcommands()) {
        CLI::App& sub = *app_.add_subcommand(subcommand.name, subcommand.summary);
        sub.callback([this, run = subcommand.set_up(sub)] { chosen_ = run; });
    }
}

int Application::run(int argument_count, char** arguments) {
    try {
        const int status = parse_and_run(argument_count, arguments);
        if (std::fflush(stdout) != 0)
            throw Failure("what was to be printed could not be written");
        return status;
    } catch (const Failure& failure) {
        fmt::print(stderr, "writewatch: {}\n", failure.what());
        return failure.status();
    } catch (const std::exception& error) { // no memory, and our own mistakes
        fmt::print(stderr, "writewatch: unexpected: {}\n", error.what());
        return EXIT_FAILURE;
    }
}

int Application::parse_and_run(int argument_count, char** arguments) {
    try {
        app_.parse(argument_count, arguments);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) // --help and --version end here, too
            return app_.exit(error);
        throw Failure(fmt::format("{} (see writewatch --help)", error.what()), kUsage);
    }
    return chosen_();
}

} // namespace ww::command
