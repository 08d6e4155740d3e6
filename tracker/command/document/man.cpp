// SPDX-License-Identifier: MIT
#include "outline.h"

#include "../text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ww::command {

namespace {

// Of the words, as a man page has one.
constexpr const char* kDate = "2026-11-25";

// Words for roff: none of them is a request, and hyphens stay what they are.
std::string roff(const std::string& text) {
    std::string escaped;
    char before = ' ';
    for (const char c : text) {
        if (before == ' ' && (c == '.' || c == '\''))
            escaped += "\\&";
        if (c == '\\')
            escaped += "\\e";
        else if (c == '-')
            escaped += "\\-";
        else
            escaped += c;
        before = c;
    }
    return escaped;
}

std::string lines(const std::string& text) {
    constexpr std::size_t kWidth = 78;
    return wrapped(roff(text), kWidth);
}

std::string bold(const std::string& text) {
    return "\\fB" + roff(text) + "\\fR";
}

std::string italic(const std::string& text) {
    return "\\fI" + roff(text) + "\\fR";
}

std::string entry(const OptionOutline& option) {
    std::vector<std::string> names;
    for (const std::string& name : option.names)
        names.push_back(name.starts_with('-') ? bold(name) : italic(name));
    std::string head = fmt::format("{}", fmt::join(names, ", "));
    if (!option.value.empty() && option.names.front().starts_with('-'))
        head += " " + italic(option.value);
    std::string text = fmt::format(".TP\n{}\n{}", head, lines(option.description + "."));
    if (option.takes == Takes::choice)
        text += lines(fmt::format("One of {}.", fmt::join(option.choices, ", ")));
    return text;
}

std::string synopsis(const std::string& name, const CommandOutline& command) {
    std::string text = fmt::format("{} [{}]", bold(name), italic("OPTION"));
    for (const OptionOutline& positional : command.positionals)
        text += fmt::format(" [{}]", italic(positional.names.front()));
    if (!command.program.empty())
        text += " " + roff(command.program);
    return text;
}

std::string options_of(const CommandOutline& command) {
    std::string text;
    for (const OptionOutline& positional : command.positionals)
        text += entry(positional);
    for (const OptionOutline& option : command.options)
        text += entry(option);
    for (const std::string& paragraph : command.paragraphs)
        text += ".PP\n" + lines(paragraph);
    return text;
}

} // namespace

std::string man_page(const CommandOutline& command) {
    std::string page = fmt::format(".TH WRITEWATCH 1 \"{}\" \"writewatch {}\" \"User Commands\"\n",
                                   kDate, WW_VERSION);
    page +=
        fmt::format(".SH NAME\n{} \\- tells which pages of memory programs write\n", command.name);
    page += ".SH SYNOPSIS\n";
    for (const CommandOutline& sub : command.subcommands)
        page += (&sub != &command.subcommands.front() ? ".br\n" : "") +
                synopsis(command.name + " " + sub.name, sub) + "\n";
    page += ".SH DESCRIPTION\n" + lines(command.summary);
    page += options_of(command);
    page += ".SH COMMANDS\n";
    for (const CommandOutline& sub : command.subcommands)
        page +=
            fmt::format(".SS {}\n{}{}", roff(sub.name), lines(sub.summary + "."), options_of(sub));
    return page;
}

} // namespace ww::command
