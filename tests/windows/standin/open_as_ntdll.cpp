// SPDX-License-Identifier: MIT
#include "open_as_ntdll.h"

#include <cstdlib>
#include <string>

#include <dlfcn.h>
#include <unistd.h>

namespace standin {

void* open_as_ntdll(const char* library) {
    const char* parent = std::getenv("TMPDIR");
    std::string folder = std::string(parent != nullptr ? parent : "/tmp") + "/standin-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr)
        return nullptr;
    const std::string name = folder + "/ntdll.so";
    void* handle = nullptr;
    char* whole = realpath(library, nullptr); // a link is read from its own folder
    if (whole != nullptr && symlink(whole, name.c_str()) == 0)
        handle = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
    std::free(whole);
    unlink(name.c_str());
    rmdir(folder.c_str());
    return handle;
}

} // namespace standin
