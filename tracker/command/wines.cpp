// SPDX-License-Identifier: MIT
#include "wines.h"

#include "libraries.h"
#include "text.h"

#include <algorithm>
#include <cstdlib>
#include <glob.h>
#include <pwd.h>
#include <unistd.h>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

// Where runners of Windows programs keep their Wines: folders below which each
// Wine has one. Below the home folder.
struct Place {
    const char* owner;
    const char* wines;
};
constexpr Place kPlaces[] = {
    {"Lutris", ".local/share/lutris/runners/{wine,proton}/*"},
    {"Lutris (Flatpak)", ".var/app/net.lutris.Lutris/data/lutris/runners/{wine,proton}/*"},
    {"Bottles", ".local/share/bottles/runners/*"},
    {"Bottles (Flatpak)", ".var/app/com.usebottles.bottles/data/bottles/runners/*"},
    {"Heroic", ".config/heroic/tools/{wine,proton}/*"},
    {"Heroic (Flatpak)",
     ".var/app/com.heroicgameslauncher.hgl/config/heroic/tools/{wine,proton}/*"},
};

struct SteamPlace {
    const char* kind;
    const char* folder;
};
constexpr SteamPlace kSteamPlaces[] = {
    {"", ".local/share/Steam"},
    {"", ".steam/steam"},
    {"", ".steam/debian-installation"},
    {"Flatpak", ".var/app/com.valvesoftware.Steam/.local/share/Steam"},
    {"Flatpak", ".var/app/com.valvesoftware.Steam/data/Steam"},
    {"Snap", "snap/steam/common/.local/share/Steam"},
};

// In a Wine's folder, the best first: before Wine 10 `wine` is for 32 bit.
constexpr const char* kLoaders[] = {
    "files/bin/wine64", "files/bin/wine", "dist/bin/wine64",
    "dist/bin/wine",    "bin/wine64",     "bin/wine",
};

constexpr const char* kSystemLoaders[] = {
    "/usr/lib/wine/wine64",         "/usr/lib/wine/wine",         "/opt/wine-stable/bin/wine64",
    "/opt/wine-staging/bin/wine64", "/opt/wine-devel/bin/wine64", "/opt/wine-stable/bin/wine",
    "/opt/wine-staging/bin/wine",   "/opt/wine-devel/bin/wine",
};

bool is_program(const fs::path& file) {
    std::error_code ignored;
    return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

std::vector<fs::path> matches(const fs::path& pattern) {
    glob_t found{};
    std::vector<fs::path> paths;
    if (::glob(pattern.c_str(), GLOB_BRACE, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

class WineList {
public:
    // Once, by whatever names it goes.
    void add(const std::string& owner, const std::string& name, const fs::path& loader) {
        std::error_code error;
        const fs::path real = fs::canonical(loader, error);
        if (error || !is_program(real) || std::ranges::find(seen_, real) != seen_.end())
            return;
        seen_.push_back(real);
        wines_.push_back({owner, name, loader});
    }
    void add_folder(const std::string& owner, const fs::path& folder) {
        for (const char* loader : kLoaders) {
            if (is_program(folder / loader))
                return add(owner, folder.filename(), folder / loader);
        }
    }
    bool empty() const noexcept { return wines_.empty(); }
    std::vector<Wine> take() { return std::move(wines_); }

private:
    std::vector<Wine> wines_;
    std::vector<fs::path> seen_;
};

void add_from_path(WineList& list, bool scripts) {
    const char* path = std::getenv("PATH");
    for (std::string_view rest = path != nullptr ? path : ""; !rest.empty();) {
        const std::size_t colon = rest.find(':');
        for (const char* name : {"wine64", "wine"}) {
            const fs::path loader = fs::path{rest.substr(0, colon)} / name;
            if (is_program(loader) && (scripts || elf_bits(loader) != 0))
                list.add("system", "", loader);
        }
        rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
    }
}

// Folders that Steam's games are in, of which one may hold Protons.
std::vector<fs::path> steam_libraries(const Steam& steam) {
    std::vector<fs::path> folders{steam.folder};
    const std::string list = contents_of(steam.folder / "steamapps/libraryfolders.vdf");
    for (const std::string_view line : lines_of(list)) {
        const std::string_view path = value_of(trimmed(line), "\"path\"");
        if (path.size() > 2)
            folders.emplace_back(path.substr(1, path.size() - 2));
    }
    return folders;
}

void add_protons(WineList& list, const Steam& steam) {
    const std::string owner = steam.kind.empty() ? "Steam" : "Steam (" + steam.kind + ")";
    for (const fs::path& library : steam_libraries(steam)) {
        for (const fs::path& folder : matches(library / "steamapps/common/Proton*"))
            list.add_folder(owner, folder);
    }
    for (const fs::path& folder : matches(steam.folder / "compatibilitytools.d/*"))
        list.add_folder(owner, folder);
}

} // namespace

fs::path home() {
    if (const char* folder = std::getenv("HOME"); folder != nullptr && *folder != '\0')
        return folder;
    const passwd* user = ::getpwuid(::getuid());
    return user != nullptr ? user->pw_dir : "/";
}

std::vector<Steam> find_steams() {
    std::vector<Steam> steams;
    std::vector<fs::path> seen;
    for (const SteamPlace& place : kSteamPlaces) {
        std::error_code error;
        const fs::path real = fs::canonical(home() / place.folder, error);
        if (error || std::ranges::find(seen, real) != seen.end())
            continue;
        seen.push_back(real);
        steams.push_back({place.kind, home() / place.folder});
    }
    return steams;
}

std::vector<Wine> find_wines() {
    WineList list;
    if (const char* loader = std::getenv("WINELOADER"))
        list.add("WINELOADER", "", loader);
    add_from_path(list, false);
    for (const char* loader : kSystemLoaders)
        list.add("system", "", loader);
    if (list.empty()) // a script may be all that there is; else it starts one of those
        add_from_path(list, true);
    for (const Steam& steam : find_steams())
        add_protons(list, steam);
    for (const Place& place : kPlaces) {
        for (const fs::path& folder : matches(home() / place.wines))
            list.add_folder(place.owner, folder);
    }
    return list.take();
}

} // namespace ww::command
