// SPDX-License-Identifier: MIT
#include "outline.h"

#include <CLI/CLI.hpp>

#include "../help_text.h"
#include "../text.h"

namespace ww::command {

namespace {

// CLI11 says in the name of the type what it checks: "TOPIC:{a,b}", "PATH:FILE".
void read_type(const CLI::Option& option, OptionOutline& outline) {
    outline.value = value_name(&option);
    if (outline.value.empty())
        return;
    outline.takes = Takes::text;
    const std::string type = option.get_type_name();
    const std::size_t open = type.find(":{");
    const std::size_t close = type.find('}');
    if (open != type.npos && close != type.npos) {
        outline.takes = Takes::choice;
        outline.choices = CLI::detail::split(type.substr(open + 2, close - open - 2), ',');
    } else if (type.ends_with("FILE") || type.starts_with("FILE") || type.starts_with("PATH")) {
        outline.takes = Takes::file;
    }
}

OptionOutline outline_of(const CLI::Option& option) {
    OptionOutline outline;
    if (option.get_positional())
        outline.names.push_back(option.get_name(true));
    for (const std::string& name : option.get_snames())
        outline.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
        outline.names.push_back("--" + name);
    outline.description = option.get_description();
    read_type(option, outline);
    return outline;
}

// Lines that belong together, as one.
std::vector<std::string> paragraphs_of(const std::string& text) {
    std::vector<std::string> paragraphs(1);
    for (const std::string_view line : lines_of(text)) {
        if (trimmed(line).empty()) {
            paragraphs.emplace_back();
            continue;
        }
        if (!paragraphs.back().empty())
            paragraphs.back() += ' ';
        paragraphs.back() += trimmed(line);
    }
    std::erase(paragraphs, std::string{});
    return paragraphs;
}

} // namespace

CommandOutline outline_of(const CLI::App& app) {
    CommandOutline outline{app.get_name(),
                           app.get_description(),
                           paragraphs_of(app.get_footer()),
                           {},
                           {},
                           program_words(&app),
                           {}};
    for (const CLI::Option* option : app.get_options()) {
        if (!option->get_group().empty())
            (option->get_positional() ? outline.positionals : outline.options)
                .push_back(outline_of(*option));
    }
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!sub->get_group().empty())
            outline.subcommands.push_back(outline_of(*sub));
    }
    return outline;
}

} // namespace ww::command
