// SPDX-License-Identifier: MIT
#include "program.h"

#include "../../counters_format.h"
#include "../failure.h"
#include "../libraries.h"
#include "../wines.h"

#include <array>
#include <fmt/format.h>
#include <fstream>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

bool is_windows_program(const fs::path& file) {
    std::array<char, 2> start{};
    std::ifstream{file, std::ios::binary}.read(start.data(), start.size());
    return std::string_view{start.data(), start.size()} == "MZ";
}

fs::path choose_wine(const std::string& wished) {
    if (!wished.empty())
        return wished;
    const std::vector<Wine> wines = find_wines();
    if (wines.empty())
        throw Failure("this is a Windows program, and no Wine was found: install one (Debian: apt "
                      "install wine), or name its loader with --wine");
    return wines.front().loader;
}

// For a program of the loader's kind, as that of 32-bit Wine.
fs::path needed_library(Library library, const fs::path& loader) {
    const int bits = elf_bits(loader) == 32 ? 32 : 64;
    const fs::path found = find_library(library, bits);
    if (found.empty())
        throw Failure(fmt::format("{} for {} bit is not beside this command, and {} needs it (see "
                                  "writewatch doctor)",
                                  file_name(library), bits, loader.native()));
    return found;
}

} // namespace

Program find_program(const std::vector<std::string>& words, const std::string& wine, bool heap) {
    if (words.empty())
        throw Failure("which program? As in: writewatch run -- game.exe", kUsage);
    Program program{words, {}, {}};
    const fs::path& first = words.front();
    if (is_windows_program(first)) {
        if (heap)
            throw Failure(
                "--heap is for native programs; what a Windows program watches is up to it",
                kUsage);
        program.wine = choose_wine(wine);
        program.libraries.push_back(needed_library(Library::wine, program.wine));
        program.command.insert(program.command.begin(), program.wine);
        return program;
    }
    if (!wine.empty())
        throw Failure(
            fmt::format("--wine is for Windows programs, which '{}' is not", words.front()),
            kUsage);
    const fs::path plugin = find_library(Library::wine, elf_bits(first) == 32 ? 32 : 64);
    if (!plugin.empty())
        program.libraries.push_back(plugin);
    if (heap)
        program.libraries.push_back(needed_library(Library::heap, first));
    return program;
}

Child prepare(const Program& program, Way way, const fs::path& counters_folder) {
    Child child;
    child.command = program.command;
    child.environment.set(counters::kSetting, counters_folder);
    if (way == Way::stock) {
        child.environment.set("WRITEWATCH", "off");
        child.environment.set("WRITEWATCH_BACKEND", "mprotect");
        return child;
    }
    for (const fs::path& library : program.libraries)
        child.environment.preload(library);
    return child;
}

} // namespace ww::command
