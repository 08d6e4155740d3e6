// SPDX-License-Identifier: MIT
#include "../libraries.h"
#include "../wines.h"
#include "finding.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

// What each kind of Steam can see of a home folder, where it is not all of it.
struct Sight {
    const char* kind;
    const char* visible;
};
constexpr Sight kSights[] = {
    {"", ""},
    {"Flatpak", ".var/app/com.valvesoftware.Steam"},
    {"Snap", "snap/steam/common"},
};

fs::path visible_folder(const Steam& steam) {
    const auto* sight =
        std::ranges::find_if(kSights, [&](const Sight& one) { return steam.kind == one.kind; });
    return (home() / sight->visible).lexically_normal();
}

// Steam's containers show the home folder, but not what is in /usr or /opt.
Finding note(const Steam& steam) {
    const fs::path plugin = find_library(Library::wine, 64);
    const fs::path place = visible_folder(steam) / "libwritewatch-wine.so";
    std::error_code ignored;
    const bool there = fs::exists(place, ignored);
    Finding finding{"steam",
                    State::good,
                    fmt::format("{}{}in {}: {}", steam.kind, steam.kind.empty() ? "" : " ",
                                steam.folder.native(),
                                there ? "the plugin is where its containers see it"
                                      : "the plugin is not yet where its containers see it"),
                    fmt::format("looked for {}", place.native()),
                    {}};
    const std::string launch = fmt::format(
        "set as a game's launch options: LD_PRELOAD=\"$LD_PRELOAD:{}\" %command%", place.native());
    if (there) {
        finding.remedy = launch;
        return finding;
    }
    finding.state = State::note;
    finding.remedy =
        fmt::format("cp {} {}; then {}", plugin.empty() ? "libwritewatch-wine.so" : plugin.native(),
                    place.native(), launch);
    return finding;
}

} // namespace

void examine_steam(Findings& findings) {
    for (const Steam& steam : find_steams())
        findings.push_back(note(steam));
}

} // namespace ww::command
