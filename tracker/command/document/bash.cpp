// SPDX-License-Identifier: MIT
#include "outline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ww::command {

namespace {

std::vector<std::string> names_of(const CommandOutline& command) {
    std::vector<std::string> names;
    for (const OptionOutline& option : command.options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return names;
}

std::string values_of(const OptionOutline& option) {
    switch (option.takes) {
    case Takes::choice:
        return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))",
                           fmt::join(option.choices, " "));
    case Takes::file:
        return "COMPREPLY=($(compgen -f -- \"$word\"))";
    case Takes::text:
    case Takes::nothing:
        break;
    }
    return ":"; // up to the user
}

// "(sub,option)" cases: what may follow an option with a value.
std::string value_cases(const CommandOutline& command) {
    std::string cases;
    for (const OptionOutline& option : command.options) {
        if (option.takes == Takes::nothing)
            continue;
        std::vector<std::string> patterns;
        for (const std::string& name : option.names)
            patterns.push_back(fmt::format("{},{}", command.name, name));
        cases += fmt::format("    {})\n        {}\n        return ;;\n", fmt::join(patterns, " | "),
                             values_of(option));
    }
    return cases;
}

} // namespace

std::string bash_completion(const CommandOutline& command) {
    std::vector<std::string> subcommands;
    std::vector<std::string> with_program;
    std::string values;
    std::string options;
    for (const CommandOutline& sub : command.subcommands) {
        subcommands.push_back(sub.name);
        if (!sub.program.empty())
            with_program.push_back(sub.name);
        values += value_cases(sub);
        options += fmt::format("    {}) words='{}' ;;\n", sub.name, fmt::join(names_of(sub), " "));
    }
    return fmt::format(
        R"sh(# bash completion for {0}; made from its command line

_{0}() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} sub='' words='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case ${{COMP_WORDS[i]}} in
        --) break ;;
        {1}) [[ $sub ]] || sub=${{COMP_WORDS[i]}} ;;
        esac
    done
    case $sub in
    {2})
        # Behind "--" it is about the program.
        if ((i < COMP_CWORD)); then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            elif ((i + 1 == COMP_CWORD)); then
                COMPREPLY=($(compgen -c -f -- "$word"))
            else
                COMPREPLY=($(compgen -f -- "$word"))
            fi
            return
        fi ;;
    esac
    case $sub,$before in
{3}    esac
    case $sub in
    '') words='{4} {5}' ;;
{6}    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o bashdefault -o default -F _{0} {0}
)sh",
        command.name, fmt::join(subcommands, " | "),
        with_program.empty() ? "''" : fmt::format("{}", fmt::join(with_program, " | ")), values,
        fmt::join(subcommands, " "), fmt::join(names_of(command), " "), options);
}

} // namespace ww::command
