// SPDX-License-Identifier: MIT
#include "../text.h"
#include "finding.h"
#include "sandbox.h"
#include "self_test.h"
#include "userfaultfd.h"

#include <writewatch/writewatch.h>

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace ww::command {

namespace {

bool new_enough(const utsname& system) {
    const int first_minor = std::string_view{system.machine} == "aarch64" ? 10 : 7;
    int major = 0;
    int minor = 0;
    std::sscanf(system.release, "%d.%d", &major, &minor);
    return major > 6 || (major == 6 && minor >= first_minor);
}

Finding kernel() {
    utsname system{};
    ::uname(&system);
    Finding finding{"kernel",
                    State::good,
                    fmt::format("{} {} on {}", system.sysname, system.release, system.machine),
                    "uname; Linux 6.7 is the first that serves, 6.10 on arm64",
                    {}};
    if (!new_enough(system)) {
        finding.state = State::note;
        finding.remedy =
            "install Linux 6.7 or newer, such as Debian 13's or, for Debian 12, that of "
            "bookworm-backports";
    }
    return finding;
}

Finding sandbox(const Sandbox& found) {
    Finding finding{"sandbox", State::good, "none known", "", {}};
    if (!found.name.empty()) {
        finding.fact = found.name;
        finding.proof = found.proof + "; ";
    }
    finding.fact += found.filtered ? ", system calls are filtered" : ", no system call is filtered";
    finding.proof += "Seccomp in /proc/self/status";
    return finding;
}

std::string remedy_for(const UserfaultfdAccess& access, const Sandbox& sandbox) {
    const std::string device =
        "let this user open the device: setfacl -m u:USER:rw /dev/userfaultfd (as root)";
    if (sandbox.filtered && !sandbox.allow.empty())
        return sandbox.allow;
    if (sandbox.filtered)
        return "the seccomp filter of whatever started this (a service's SystemCallFilter=, a "
               "sandbox) must let userfaultfd through; or " +
               device;
    if (access.call_error == "ENOSYS")
        return "the kernel was built without CONFIG_USERFAULTFD: use one that has it";
    return "a security module may deny it: look into the system's log; or " + device;
}

Finding userfaultfd(const Sandbox& sandbox) {
    const UserfaultfdAccess access = try_userfaultfd();
    const std::string by_call = access.call_error.empty() ? "works" : access.call_error;
    const std::string by_device = access.device_error.empty() ? "works" : access.device_error;
    Finding finding{"userfaultfd",
                    State::good,
                    "",
                    fmt::format("the system call {}, /dev/userfaultfd {}", by_call, by_device),
                    {}};
    if (access.call_error.empty()) {
        const std::string setting =
            std::string{trimmed(contents_of("/proc/sys/vm/unprivileged_userfaultfd"))};
        finding.fact = "allowed to this user";
        if (setting == "0")
            finding.proof += "; vm.unprivileged_userfaultfd=0 forbids only what is not used here";
    } else if (access.device_error.empty()) {
        finding.fact = "denied as a system call, allowed through its device";
    } else {
        finding.state = State::bad;
        finding.fact = "denied";
        finding.remedy = remedy_for(access, sandbox);
    }
    return finding;
}

Finding pagemap() {
    const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        ::close(file);
        return {"pagemap", State::good, "readable", "opened /proc/self/pagemap", {}};
    }
    return {
        "pagemap", State::bad, "cannot be opened", "open of /proc/self/pagemap",
        "mount /proc where this runs; a process that may not be dumped (PR_SET_DUMPABLE) cannot "
        "open it either"};
}

Finding back_end() {
    char reason[WW_REASON_BYTES];
    const ww_backend backend = ww_probe(reason, sizeof reason);
    Finding finding{
        "backend", State::good, ww_backend_name(backend), "the library's self-test", {}};
    if (backend == WW_BACKEND_PAGEMAP_SCAN)
        return finding;
    finding.fact += fmt::format(": {}", reason);
    if (backend == WW_BACKEND_NONE) {
        finding.state = State::bad;
        finding.remedy = "see above; without it programs run as they always did";
    } else {
        finding.state = State::note;
        finding.remedy = "it works, and costs a signal and a system call for each first write; for "
                         "Windows programs the plugin needs pagemap-scan: see above";
    }
    return finding;
}

Finding tracking() {
    const SelfTest test = run_self_test();
    if (test.wrong.empty())
        return {"tracking",
                State::good,
                fmt::format("works: exact in {} of {} queries", test.queries, test.queries),
                fmt::format("watched, stored, collected with reset, in {} us", test.microseconds),
                {}};
    return {"tracking", State::bad, test.wrong, "watched, stored, collected with reset",
            "see above; if nothing is wrong there, please report it with this output"};
}

Finding huge_pages() {
    const std::string choice = contents_of("/sys/kernel/mm/transparent_hugepage/enabled");
    const std::string pool{value_of(contents_of("/proc/meminfo"), "HugePages_Total:")};
    const std::size_t from = choice.find('[');
    const std::size_t to = choice.find(']');
    const std::string transparent =
        from == choice.npos || to == choice.npos ? "none" : choice.substr(from + 1, to - from - 1);
    return {
        "huge-pages",
        State::good,
        fmt::format("transparent: {}, but off in watched memory, as one write would report 512 "
                    "pages; hugetlb pool: {} pages",
                    transparent, pool.empty() ? "none" : pool),
        "/sys/kernel/mm/transparent_hugepage/enabled, /proc/meminfo",
        {}};
}

Finding mappings() {
    const std::string most{trimmed(contents_of("/proc/sys/vm/max_map_count"))};
    return {"mappings",
            State::good,
            fmt::format("{} at most; tracking makes none (where stock Wine makes two for each "
                        "scattered page that is written, and hangs at the limit)",
                        most.empty() ? "unknown" : most),
            "vm.max_map_count",
            {}};
}

} // namespace

void examine_kernel(Findings& findings) {
    const Sandbox found = find_sandbox();
    findings.push_back(kernel());
    findings.push_back(sandbox(found));
    findings.push_back(userfaultfd(found));
    findings.push_back(pagemap());
    findings.push_back(back_end());
    findings.push_back(tracking());
    findings.push_back(huge_pages());
    findings.push_back(mappings());
}

} // namespace ww::command
