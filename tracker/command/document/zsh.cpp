// SPDX-License-Identifier: MIT
#include "outline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ww::command {

namespace {

// Inside of single quotes, and of what _arguments reads.
std::string quoted(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\'')
            escaped += "'\\''";
        else if (c == '[' || c == ']' || c == ':' || c == '\\')
            escaped += std::string{"\\"} + c;
        else
            escaped += c;
    }
    return escaped;
}

std::string action_of(const OptionOutline& option) {
    switch (option.takes) {
    case Takes::nothing:
        return {};
    case Takes::choice:
        return fmt::format(":{}:({})", quoted(option.value), fmt::join(option.choices, " "));
    case Takes::file:
        return fmt::format(":{}:_files", quoted(option.value));
    case Takes::text:
        break;
    }
    return fmt::format(":{}: ", quoted(option.value));
}

std::string arguments_of(const CommandOutline& command) {
    std::string text;
    for (const OptionOutline& option : command.options) {
        const std::string what =
            fmt::format("'[{}]{}'", quoted(option.description), action_of(option));
        text += option.names.size() == 1
                    ? fmt::format(" \\\n            {}{}", option.names.front(), what)
                    : fmt::format(" \\\n            '({0})'{{{1}}}{2}",
                                  fmt::join(option.names, " "), fmt::join(option.names, ","), what);
    }
    if (!command.program.empty())
        text += " \\\n            '(-)1:program:_command_names -e' \\\n            '*::arguments: "
                "_normal'";
    for (const OptionOutline& positional : command.positionals)
        text += fmt::format(" \\\n            '::{}:{}'", quoted(positional.names.front()),
                            positional.takes == Takes::file ? "_files" : " ");
    return text;
}

} // namespace

std::string zsh_completion(const CommandOutline& command) {
    std::string described;
    std::string cases;
    for (const CommandOutline& sub : command.subcommands) {
        described += fmt::format("            '{}:{}'\n", sub.name, quoted(sub.summary));
        cases +=
            fmt::format("        {})\n            _arguments{} ;;\n", sub.name, arguments_of(sub));
    }
    return fmt::format(R"sh(#compdef {0}
# made from the command line of {0}

_{0}() {{
    local curcontext=$curcontext state line
    _arguments -C{1} \
            '1: :->command' '*:: :->words'
    case $state in
    command)
        local -a commands=(
{2}        )
        _describe -t commands command commands ;;
    words)
        case $words[1] in
{3}        esac ;;
    esac
}}
_{0} "$@"
)sh",
                       command.name, arguments_of(command), described, cases);
}

} // namespace ww::command
