// SPDX-License-Identifier: MIT
#pragma once

// X(name, attribute, ...) for each calling convention of Wine's system calls:
// for 32 bit it is that of Windows, in every version.
#define WW_CONVENTIONS(X, ...) X(stdcall, __attribute__((stdcall)), __VA_ARGS__)
