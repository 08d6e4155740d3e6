// SPDX-License-Identifier: MIT
#include "libraries.h"

#include <array>
#include <fstream>
#include <string_view>
#include <vector>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

struct Ours {
    const char* file;
    const char* built_in;
};
constexpr std::array<Ours, 2> kOurs{{
    {"libwritewatch-wine.so", "wine-shim"},
    {"libwritewatch-malloc.so", "allocator-hooks"},
}};

// Build folders as seen from the command's own, with the one that ./check makes
// for 32 bit; and folders below the place where things are installed.
constexpr const char* kBuildFolders[] = {"../..", "../../../build32"};
constexpr const char* kInstalled[] = {WW_LIBDIR, "lib/i386-linux-gnu", "lib32", "lib"};

const Ours& ours(Library library) noexcept {
    return kOurs[static_cast<std::size_t>(library)];
}

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

const char* file_name(Library library) noexcept {
    return ours(library).file;
}

fs::path find_library(Library library, int bits) {
    std::vector<fs::path> folders;
    for (const char* build : kBuildFolders)
        folders.push_back(fs::path{build} / ours(library).built_in);
    for (const char* installed : kInstalled)
        folders.push_back(fs::path{".."} / installed);
    for (const fs::path& folder : folders) {
        const fs::path candidate = (own_folder() / folder / ours(library).file).lexically_normal();
        if (elf_bits(candidate) == bits)
            return candidate;
    }
    return {};
}

} // namespace ww::command
