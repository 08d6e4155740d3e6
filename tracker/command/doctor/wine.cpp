// SPDX-License-Identifier: MIT
#include "../capture.h"
#include "../libraries.h"
#include "../text.h"
#include "../wines.h"
#include "finding.h"

#include <algorithm>
#include <fmt/format.h>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

constexpr int kSeconds = 5;

// Wine loads its ntdll.so before it prints its version, without making a prefix:
// so the plugin looks at its tables, and says what it would do.
Captured ask(const Wine& wine, const fs::path& plugin) {
    Environment environment;
    for (const char* name : {"WRITEWATCH", "WRITEWATCH_PROGRAMS", "WRITEWATCH_PROGRAMS_FILE",
                             "WRITEWATCH_SAID", "LD_PRELOAD"})
        environment.unset(name);
    environment.set("WINEDEBUG", "-all");
    environment.set("WRITEWATCH_LOG", "1");
    if (!plugin.empty())
        environment.preload(plugin);
    return capture({wine.loader, "--version"}, environment, kSeconds);
}

std::string why_it_did_not_run(const Captured& answer) {
    const auto lines = lines_of(answer.errors);
    if (!lines.empty())
        return std::string{lines.back()};
    return answer.status < 0 ? fmt::format("no answer in {} seconds", kSeconds)
                             : fmt::format("exit status {}", answer.status);
}

std::string name_of(const Wine& wine) {
    return wine.name.empty() ? wine.owner : wine.owner + ", " + wine.name;
}

void judge(Finding& finding, const Captured& answer, bool with_plugin) {
    const std::string_view said = value_of(answer.errors, "writewatch: ");
    if (said.starts_with("serving")) {
        finding.fact += fmt::format(": the plugin knows its tables, {}", said);
    } else if (!said.empty()) {
        finding.state = State::bad;
        finding.fact += fmt::format(": the plugin is {}", said);
        finding.remedy =
            "if the kernel is not the reason (see above), please report it with this line";
    } else if (answer.status != 0) {
        finding.state = State::note;
        finding.fact += fmt::format(": cannot be run from here: {}", why_it_did_not_run(answer));
        finding.remedy =
            "start a program with it as usual, with the plugin and WRITEWATCH_LOG=1: one "
            "line on stderr tells";
    } else if (with_plugin) {
        finding.state = State::note;
        finding.fact += ": the plugin was not asked";
        finding.remedy =
            "if it is a script, see to it that it keeps LD_PRELOAD; if it is for 32 bit, "
            "use the 32-bit plugin";
    }
}

Finding examine(const Wine& wine) {
    const fs::path plugin = find_library(Library::wine, elf_bits(wine.loader) == 32 ? 32 : 64);
    const Captured answer = ask(wine, plugin);
    const std::string version{trimmed(answer.output)};
    Finding finding{
        "wine",
        State::good,
        fmt::format("{} ({})", version.empty() ? "unknown version" : version, name_of(wine)),
        fmt::format("{} --version{}", wine.loader.native(),
                    plugin.empty() ? "" : ", with the plugin"),
        {}};
    judge(finding, answer, !plugin.empty());
    return finding;
}

// A Wine that runs 32-bit programs in 32-bit processes, and not by translating
// their calls.
bool has_32_bit_part(const Wine& wine) {
    const fs::path folder = wine.loader.parent_path();
    return std::ranges::any_of(
        std::initializer_list<fs::path>{folder / "../lib/wine/i386-unix/ntdll.so",
                                        folder / "../lib32/wine/i386-unix/ntdll.so",
                                        folder / "../i386-linux-gnu/wine/i386-unix/ntdll.so"},
        [](const fs::path& file) {
            std::error_code ignored;
            return fs::exists(file, ignored);
        });
}

Finding plugin() {
    const fs::path found = find_library(Library::wine, 64);
    if (!found.empty())
        return {"plugin", State::good, found, "beside this command", {}};
    return {"plugin", State::note, "libwritewatch-wine.so is not here",
            "looked beside this command",
            "for Windows programs install it, or build it: x86, and not with sanitizers"};
}

Finding plugin_32(const std::vector<Wine>& wines) {
    const fs::path found = find_library(Library::wine, 32);
    if (!found.empty())
        return {"plugin-32", State::good, found, "beside this command", {}};
    std::vector<std::string> who;
    for (const Wine& wine : wines) {
        if (has_32_bit_part(wine))
            who.push_back(name_of(wine));
    }
    if (who.empty())
        return {"plugin-32",
                State::good,
                "not here, and no Wine needs one",
                "no Wine that was found has an i386-unix/ntdll.so",
                {}};
    return {"plugin-32", State::note,
            fmt::format("not here: 32-bit programs run as always on {}", fmt::join(who, ", ")),
            "looked beside this command",
            "./check builds one in build32/; installed for both, one setting serves: "
            "LD_PRELOAD='PREFIX/$LIB/libwritewatch-wine.so'"};
}

} // namespace

void examine_wines(Findings& findings) {
    const std::vector<Wine> wines = find_wines();
    findings.push_back(plugin());
    findings.push_back(plugin_32(wines));
    for (const Wine& wine : wines)
        findings.push_back(examine(wine));
    if (wines.empty())
        findings.push_back(
            {"wine", State::note, "none found",
             "looked in PATH, /opt, and where Steam, Lutris, Bottles and Heroic keep theirs",
             "for Windows programs install one (Debian: apt install wine)"});
}

} // namespace ww::command
