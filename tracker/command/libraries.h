// SPDX-License-Identifier: MIT
// Our own libraries that are put into programs.
#pragma once

#include <filesystem>

namespace ww::command {

enum class Library : unsigned char {
    wine,    // libwritewatch-wine.so, for Wine's processes
    wine_32, // the same for 32-bit ones
};

// Beside this command, in the build folder or where both are installed; empty
// if it is not there.
std::filesystem::path find_library(Library library);

// Whether it is an ELF file for 64 or 32 bit; 0 if it is none.
int elf_bits(const std::filesystem::path& file);

} // namespace ww::command
