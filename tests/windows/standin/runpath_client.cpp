// SPDX-License-Identifier: MIT
// Opens a library that only this program's own DT_RUNPATH leads to.
#include <cstdio>

#include <dlfcn.h>

int main() {
    void* library = dlopen("libneighbour.so", RTLD_NOW);
    if (library == nullptr) {
        std::puts(dlerror());
        return 1;
    }
    std::puts(reinterpret_cast<const char* (*)()>(dlsym(library, "neighbour"))());
}
