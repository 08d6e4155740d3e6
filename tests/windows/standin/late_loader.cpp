// SPDX-License-Identifier: MIT
// Loads the library that WW_LATE names when Wine's ntdll.so is loaded and has
// begun to work, as Proton does with what WINE_LD_PRELOAD names. To be
// preloaded itself.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <link.h>

namespace {

int is_ntdll(dl_phdr_info* info, size_t, void*) {
    const char* slash = std::strrchr(info->dlpi_name, '/');
    return slash != nullptr && std::strcmp(slash, "/ntdll.so") == 0;
}

void load_once() {
    static std::atomic<bool> done{false};
    if (!done && dl_iterate_phdr(is_ntdll, nullptr) != 0 && !done.exchange(true))
        dlopen(std::getenv("WW_LATE"), RTLD_NOW);
}

} // namespace

// Wine sets its signal handlers when its memory is set up.
extern "C" __attribute__((visibility("default"))) int
sigaction(int number, const struct sigaction* action, struct sigaction* before) noexcept {
    using Function = int (*)(int, const struct sigaction*, struct sigaction*);
    static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "sigaction"));
    load_once();
    return next(number, action, before);
}
