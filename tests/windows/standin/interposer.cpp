// SPDX-License-Identifier: MIT
// Another preloaded library that wants to know of every dlopen().
#include <cstdio>

#include <dlfcn.h>

extern "C" __attribute__((visibility("default"))) void* dlopen(const char* file, int flags) {
    std::printf("interposed %s\n", file != nullptr ? file : "the program");
    const auto next = reinterpret_cast<void* (*)(const char*, int)>(dlsym(RTLD_NEXT, "dlopen"));
    return next(file, flags);
}
