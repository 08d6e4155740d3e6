// SPDX-License-Identifier: MIT
#include "failure.h"
#include "subcommand.h"

#include <writewatch/writewatch.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <sys/utsname.h>

namespace ww::command {

namespace {

int examine() {
    utsname system{};
    ::uname(&system);
    char reason[WW_REASON_BYTES];
    const ww_backend backend = ww_probe(reason, sizeof reason);
    fmt::print("kernel    {} {}\n", system.sysname, system.release);
    fmt::print("back end  {}{}{}\n", ww_backend_name(backend), *reason != '\0' ? ": " : "", reason);
    return backend == WW_BACKEND_NONE ? kFailed : kDone;
}

} // namespace

Run set_up_doctor(CLI::App&) {
    return examine;
}

} // namespace ww::command
