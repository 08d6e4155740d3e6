// SPDX-License-Identifier: MIT
#include "takeover.h"

#include "convention.h"
#include "elf_image.h"
#include "hooked_calls.h"
#include "hooks.h"
#include "log.h"
#include "originals.h"
#include "syscall_table.h"
#include "verify.h"

#include <writewatch/writewatch.h>

namespace ww::wine {

namespace {

void stand_aside(const char* what, const char* why) noexcept {
    log_line_once({"standing aside: ", what, why});
}

bool find_functions(const ElfImage& ntdll, void* (&functions)[kHookedCalls]) noexcept {
    for (std::size_t call = 0; call < kHookedCalls; ++call) {
        functions[call] = ntdll.function(kHookedNames[call]);
        if (functions[call] == nullptr) {
            stand_aside(kHookedNames[call], " is not in ntdll.so");
            return false;
        }
    }
    return true;
}

void find_helpers(const ElfImage& ntdll, void* (&helpers)[kHelperCalls]) noexcept {
    for (std::size_t call = 0; call < kHelperCalls; ++call)
        helpers[call] = ntdll.function(kHelperNames[call]);
}

bool find_entries(SyscallTable& table, void* const (&functions)[kHookedCalls]) noexcept {
    unsigned hits[kHookedCalls] = {};
    table.find(functions, hits);
    for (std::size_t call = 0; call < kHookedCalls; ++call) {
        if (hits[call] == 1)
            continue;
        stand_aside(kHookedNames[call], hits[call] == 0 ? " is not in Wine's system-call table"
                                                        : " is in ntdll.so's data more than once");
        return false;
    }
    return true;
}

Convention find_convention(void* nt_get_write_watch) noexcept {
    NTSTATUS answer = 0;
    const Convention convention = detect_convention(nt_get_write_watch, answer);
    if (convention == Convention::unknown) {
        stand_aside("unknown calling convention: NtGetWriteWatch answers a call without arguments"
                    " with ",
                    Hex(answer, 8).text());
    }
    return convention;
}

ww_backend find_backend() noexcept {
    char reason[WW_REASON_BYTES];
    const ww_backend backend = ww_probe(reason, sizeof(reason));
    if (backend != WW_BACKEND_PAGEMAP_SCAN)
        stand_aside(reason, "");
    return backend;
}

} // namespace

void take_over(const ElfImage& ntdll, const Switches& switches) noexcept {
    if (switches.wrong != nullptr)
        return stand_aside(switches.wrong, switches.wrong_how);
    if (!ntdll)
        return stand_aside("ntdll.so", " is not among the loaded libraries");
    void* functions[kHookedCalls];
    SyscallTable table{ntdll};
    if (!find_functions(ntdll, functions) || !find_entries(table, functions))
        return;
    const Convention convention = find_convention(functions[kNtGetWriteWatch]);
    if (convention == Convention::unknown)
        return;
    const ww_backend backend = find_backend();
    if (backend != WW_BACKEND_PAGEMAP_SCAN)
        return;

    if (switches.verify && !verifier.start())
        return stand_aside("WRITEWATCH=verify", " finds no room for its hashes");
    void* hooks[kHookedCalls];
    get_hooks(hooks, convention);
    void* helpers[kHelperCalls];
    find_helpers(ntdll, helpers);
    set_originals(functions, helpers, convention);
    if (!table.replace(hooks))
        return stand_aside("Wine's system-call table", " cannot be made writable");
    if (switches.log)
        log_line_once({"serving write watches (", convention_name(convention),
                       " convention, back end ", ww_backend_name(backend),
                       switches.verify ? "), verifying every answer" : ")"});
}

} // namespace ww::wine
