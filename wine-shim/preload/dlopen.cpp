// SPDX-License-Identifier: MIT
// The one symbol that we interpose. All that it is for is the moment when Wine
// loads ntdll.so; every other call has to find exactly what it finds without
// us. A library's search path and namespace are those of the caller, whom
// dlopen() knows by its return address: so it is jumped to, not called.
#include "elf_image.h"
#include "switches.h"
#include "takeover.h"

#include <atomic>
#include <cstring>

namespace ww::wine {

namespace {

using Dlopen = void* (*)(const char* file, int flags);

// What we interpose: libc's dlopen, or another preloaded library's.
Dlopen next_dlopen() noexcept {
    static constinit std::atomic<Dlopen> cached{nullptr}; // and an address in this library
    Dlopen next = cached.load(std::memory_order_relaxed);
    if (next == nullptr) {
        next = reinterpret_cast<Dlopen>(ElfImage::next_definition(&cached, "dlopen"));
        cached.store(next, std::memory_order_relaxed);
    }
    return next;
}

constinit Switches switches;
constinit std::atomic<bool> seen{false}; // ntdll.so

void take_over_once(const ElfImage& ntdll) noexcept {
    if (!switches.off && !seen.exchange(true, std::memory_order_relaxed))
        take_over(ntdll, switches);
}

// The environment is read now: another thread may change it later. Wine names
// the program behind itself. Where we are loaded late, as by Proton's
// WINE_LD_PRELOAD, ntdll.so is there already.
[[gnu::constructor]] void load(int argument_count, char** arguments, char**) noexcept {
    switches = read_switches(argument_count > 1 ? arguments[1] : nullptr);
    next_dlopen();
    if (const ElfImage ntdll = ElfImage::of_file("ntdll.so"))
        take_over_once(ntdll);
}

bool is_ntdll(const char* file) noexcept {
    if (file == nullptr)
        return false;
    const char* slash = std::strrchr(file, '/');
    return std::strcmp(slash != nullptr ? slash + 1 : file, "ntdll.so") == 0;
}

// Wine names its ntdll.so by its whole path: the caller does not matter.
void* open_ntdll(const char* file, int flags) noexcept {
    void* const handle = next_dlopen()(file, flags);
    if (handle != nullptr)
        take_over_once(ElfImage::of_handle(handle));
    return handle;
}

void* open_nothing(const char*, int) noexcept {
    return nullptr;
}

} // namespace

// Where a call of dlopen() goes on. It has not been there yet: that is up to
// the few instructions of dlopen_entry.S.
extern "C" [[gnu::used]] Dlopen ww_dlopen_target(const char* file, int) noexcept {
    const Dlopen next = next_dlopen();
    if (next == nullptr)
        return open_nothing; // nobody could have called us: no libdl in the process
    return is_ntdll(file) && !switches.off ? open_ntdll : next;
}

} // namespace ww::wine
