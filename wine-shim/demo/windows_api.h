// SPDX-License-Identifier: MIT
//
// Windows itself, and the two things every part of the demo needs from it.
#pragma once

#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <cstddef>

// GetWriteWatch counts in these on every x86-64 Windows.
inline constexpr size_t page_bytes = 4096;

// For calls that work everywhere: ends the program, saying which one failed.
void must(bool succeeded, const char* call);
