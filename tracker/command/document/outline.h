// SPDX-License-Identifier: MIT
// The command line in words: what man pages and shells need of the application.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ww::command {

enum class Takes : unsigned char {
    nothing,
    text,
    choice, // one of `choices`
    file,
};

struct OptionOutline {
    std::vector<std::string> names; // "-h", "--help"; of a positional just its name
    std::string description;
    std::string value; // its name; empty for a flag
    Takes takes = Takes::nothing;
    std::vector<std::string> choices;
};

struct CommandOutline {
    std::string name;
    std::string summary;
    std::vector<std::string> paragraphs; // the words behind the options
    std::vector<OptionOutline> options;
    std::vector<OptionOutline> positionals;
    std::string program; // how the one is given that it runs; or ""
    std::vector<CommandOutline> subcommands; // without hidden ones
};

CommandOutline outline_of(const CLI::App& app);

// Each writes a whole file.
std::string man_page(const CommandOutline& command);
std::string bash_completion(const CommandOutline& command);
std::string zsh_completion(const CommandOutline& command);
std::string fish_completion(const CommandOutline& command);

} // namespace ww::command
