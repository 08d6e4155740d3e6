// SPDX-License-Identifier: MIT
#include "outline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ww::command {

namespace {

std::string quoted(const std::string& text) {
    std::string escaped;
    for (const char c : text)
        escaped += c == '\'' || c == '\\' ? std::string{"\\"} + c : std::string{c};
    return "'" + escaped + "'";
}

std::string line_of(const std::string& command, const std::string& when,
                    const OptionOutline& option) {
    std::string line = fmt::format("complete -c {} -n '{}'", command, when);
    for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.takes == Takes::choice)
        line += fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
    else if (option.takes == Takes::file)
        line += " -r -F";
    else if (option.takes == Takes::text)
        line += " -x";
    return fmt::format("{} -d {}\n", line, quoted(option.description));
}

} // namespace

std::string fish_completion(const CommandOutline& command) {
    const std::string none = "__fish_use_subcommand";
    std::string text = fmt::format("# fish completion for {0}; made from its command line\n"
                                   "complete -c {0} -f\n",
                                   command.name);
    for (const OptionOutline& option : command.options)
        text += line_of(command.name, none, option);
    for (const CommandOutline& sub : command.subcommands) {
        text += fmt::format("complete -c {} -n {} -a {} -d {}\n", command.name, none, sub.name,
                            quoted(sub.summary));
        const std::string seen = "__fish_seen_subcommand_from " + sub.name;
        for (const OptionOutline& option : sub.options)
            text += line_of(command.name, seen, option);
        if (!sub.program.empty())
            text += fmt::format("complete -c {} -n '{}' -x -a '(__fish_complete_subcommand)'\n",
                                command.name, seen);
    }
    return text;
}

} // namespace ww::command
