// SPDX-License-Identifier: MIT
#include "application.h"

#include "failure.h"
#include "help_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace ww::command {

namespace {

// CLI11 would take "--" for its own.
std::vector<std::string> behind_mark;

// In better words than CLI11's.
void check_first_word(std::string_view word) {
    if (word.starts_with('-') ||
        std::ranges::any_of(subcommands(), [&](const Subcommand& one) { return word == one.name; }))
        return;
    throw Failure(word.empty() ? "what is to be done? As in: writewatch doctor (see writewatch --help)"
                               : fmt::format("there is no subcommand \"{}\" (see writewatch --help)",
                                             word),
                  kUsage);
}

} // namespace

std::vector<std::string> program_of(const CLI::App& app) {
    std::vector<std::string> program = app.remaining();
    if (!program.empty() && program.front().starts_with('-'))
        throw Failure(fmt::format("{} has no option {} (see writewatch {} --help)", app.get_name(),
                                  program.front(), app.get_name()),
                      kUsage);
    if (!program.empty() && !behind_mark.empty())
        program.emplace_back("--"); // the program's own
    program.insert(program.end(), behind_mark.begin(), behind_mark.end());
    return program;
}

Application::Application()
    : app_("Tells which pages of memory programs write, and how fast that can be found out.",
           "writewatch") {
    app_.formatter(std::make_shared<HelpText>());
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "writewatch " WW_VERSION, "Print the version");
    app_.set_help_flag("-h,--help", "Print this help");
    app_.footer(
        "A start: \"writewatch doctor\" says whether this machine can do it, \"writewatch run "
        "--compare -- game.exe\" whether it helps a program, and \"writewatch top\" shows its "
        "memory "
        "while it runs.\n\n"
        "Every wrong command line and every failure is one sentence on stderr, and a status other "
        "than 0. What the plugin and the libraries take from the environment (WRITEWATCH, "
        "WRITEWATCH_LOG, WRITEWATCH_PROGRAMS, WRITEWATCH_COUNTERS) they also take from here.");
    for (const Subcommand& subcommand : subcommands()) {
        CLI::App& sub = *app_.add_subcommand(subcommand.name, subcommand.summary);
        sub.footer("");
        sub.prefix_command(subcommand.program != nullptr);
        sub.callback([this, run = subcommand.set_up(sub)] { chosen_ = run; });
    }
}

int Application::run(int argument_count, char** arguments) {
    try {
        parse(argument_count, arguments);
        const int status = chosen_();
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
            throw Failure("what was to be printed could not be written");
        return status;
    } catch (const CLI::Success& wish) { // --help and --version end here
        return app_.exit(wish);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "writewatch: {} (see writewatch --help)\n", error.what());
        return kUsage;
    } catch (const Failure& failure) {
        fmt::print(stderr, "writewatch: {}\n", failure.what());
        return failure.status();
    } catch (const std::exception& error) { // no memory, and our own mistakes
        fmt::print(stderr, "writewatch: unexpected: {}\n", error.what());
        return EXIT_FAILURE;
    }
}

void Application::parse(int argument_count, char** arguments) {
    char** const end = arguments + argument_count;
    char** const mark = std::find_if(
        arguments, end, [](const char* word) { return std::string_view{word} == "--"; });
    if (mark != end)
        behind_mark.assign(mark + 1, end);
    check_first_word(mark - arguments > 1 ? arguments[1] : "");
    app_.parse(static_cast<int>(mark - arguments), arguments);
    if (!behind_mark.empty() && !app_.get_subcommands().front()->get_prefix_command())
        throw Failure(fmt::format("{} runs no program, as \"-- {}\" would ask for",
                                  app_.get_subcommands().front()->get_name(), behind_mark.front()),
                      kUsage);
}

} // namespace ww::command
