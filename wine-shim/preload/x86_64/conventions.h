// SPDX-License-Identifier: MIT
#pragma once

// X(name, attribute, ...) for each calling convention of Wine's system calls:
// ms_abi up to 8.0, SysV from 8.13 on, and somewhere between it changed.
#define WW_CONVENTIONS(X, ...)                                                                     \
    X(ms_abi, __attribute__((ms_abi)), __VA_ARGS__)                                                \
    X(sysv, , __VA_ARGS__)
