// SPDX-License-Identifier: MIT
// Our own libraries that are put into programs.
#pragma once

#include <filesystem>

namespace ww::command {

enum class Library : unsigned char {
    wine, // the plugin, for Wine's processes
    heap, // malloc in watched memory, for native programs
};

const char* file_name(Library library) noexcept;

// Beside this command, in the build folder or where both are installed; empty
// if it is not there for so many bits (32 or 64).
std::filesystem::path find_library(Library library, int bits);

// Whether it is an ELF file for 64 or 32 bit; 0 if it is none.
int elf_bits(const std::filesystem::path& file);

} // namespace ww::command
