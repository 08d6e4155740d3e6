// SPDX-License-Identifier: MIT
#include "libraries.h"

#include <array>
#include <fstream>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWinePlugin = "libwritewatch-wine.so";

// Folders as seen from the command's own: in a build folder, with the one that
// ./check makes for 32 bit beside it, and where things are installed.
constexpr const char* kFolders[] = {
    "../../wine-shim",
    "../../../build32/wine-shim",
    "../" WW_LIBDIR,
    "../lib/i386-linux-gnu",
    "../lib32",
    "../lib",
};

fs::path own_folder() {
    std::error_code ignored;
    return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

} // namespace

int elf_bits(const fs::path& file) {
    std::array<char, 5> start{};
    std::ifstream{file, std::ios::binary}.read(start.data(), start.size());
    if (std::string_view{start.data(), 4} != "\177ELF")
        return 0;
    return start[4] == 2 ? 64 : 32;
}

fs::path find_library(Library library) {
    for (const char* folder : kFolders) {
        const fs::path candidate = (own_folder() / folder / kWinePlugin).lexically_normal();
        if (elf_bits(candidate) == (library == Library::wine ? 64 : 32))
            return candidate;
    }
    return {};
}

} // namespace ww::command
