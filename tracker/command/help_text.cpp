// SPDX-License-Identifier: MIT
#include "help_text.h"

#include "subcommand.h"
#include "text.h"

#include <fmt/format.h>

namespace ww::command {

namespace {

constexpr std::size_t kDescriptionColumn = 24;

} // namespace

HelpText::HelpText() {
    column_width(kDescriptionColumn);
}

std::string HelpText::make_usage(const CLI::App* app, std::string name) const {
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    if (const std::string words = program_words(app); !words.empty())
        usage.insert(usage.find_last_not_of('\n') + 1, " " + words);
    return usage;
}

// What CLI11 adds of types and dependencies is for those who write programs.
std::string HelpText::make_option_opts(const CLI::Option* option) const {
    const std::string name = option->get_positional() ? "" : value_name(option);
    return name.empty() ? "" : " " + name;
}

// CLI11 itself indents what follows a newline.
std::string HelpText::make_option_desc(const CLI::Option* option) const {
    std::string lines = wrapped(option->get_description(), kColumns - kDescriptionColumn);
    lines.pop_back();
    return lines;
}

std::string HelpText::make_subcommand(const CLI::App* sub) const {
    return fmt::format("  {:<{}}{}", sub->get_name(), kDescriptionColumn - 2,
                       wrapped(sub->get_description(), kColumns, kDescriptionColumn));
}

std::string HelpText::make_footer(const CLI::App* app) const {
    const std::string footer = app->get_footer();
    return footer.empty() ? "" : wrapped(footer, kColumns);
}

std::string value_name(const CLI::Option* option) {
    if (option->get_type_size() == 0)
        return {};
    const std::string name = option->get_type_name();
    return name.substr(0, name.find(':')); // behind it, what is checked
}

std::string program_words(const CLI::App* app) {
    for (const Subcommand& subcommand : subcommands()) {
        if (app->get_name() == subcommand.name && subcommand.program != nullptr)
            return subcommand.program;
    }
    return {};
}

} // namespace ww::command
