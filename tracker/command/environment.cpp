// SPDX-License-Identifier: MIT
#include "environment.h"

#include <unistd.h>

namespace ww::command {

namespace {

std::string joined(const std::string& front, const std::string& back) {
    return front.empty() || back.empty() ? front + back : front + ":" + back;
}

} // namespace

Environment::Environment() {
    for (char** line = environ; *line != nullptr; ++line) {
        const std::string_view text{*line};
        const std::size_t equals = text.find('=');
        if (equals != text.npos)
            variables_.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
}

std::string Environment::get(const std::string& name) const {
    const auto found = variables_.find(name);
    return found != variables_.end() ? found->second : std::string{};
}

void Environment::preload(const std::filesystem::path& library) {
    std::string name = library;
    if (name.find_first_of(" :\t\n") != name.npos) {
        // Only the folder's colons cannot be helped.
        set("LD_LIBRARY_PATH", joined(library.parent_path(), get("LD_LIBRARY_PATH")));
        name = library.filename();
    }
    set("LD_PRELOAD", joined(get("LD_PRELOAD"), name));
}

std::vector<char*> Environment::pointers() {
    lines_.clear();
    for (const auto& [name, value] : variables_)
        lines_.push_back(name + "=" + value);
    std::vector<char*> pointers;
    for (std::string& line : lines_)
        pointers.push_back(line.data());
    pointers.push_back(nullptr);
    return pointers;
}

} // namespace ww::command
