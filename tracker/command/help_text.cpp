// SPDX-License-Identifier: MIT
#include "help_text.h"

#include "subcommand.h"
#include "text.h"

namespace ww::command {

namespace {

constexpr std::size_t kColumns = 80;

} // namespace

HelpText::HelpText() {
    column_width(24);
}

std::string HelpText::make_usage(const CLI::App* app, std::string name) const {
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    if (app->get_prefix_command())
        usage.insert(usage.find_last_not_of('\n') + 1, std::string{" "} + kProgramWords);
    return usage;
}

// What CLI11 adds of types and dependencies is for those who write programs.
std::string HelpText::make_option_opts(const CLI::Option* option) const {
    const std::string name = value_name(option);
    return name.empty() ? "" : " " + name;
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

} // namespace ww::command
