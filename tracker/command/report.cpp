// SPDX-License-Identifier: MIT
#include "failure.h"
#include "live/format.h"
#include "record/reader.h"
#include "report/writers.h"
#include "subcommand.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <unistd.h>

namespace ww::command {

namespace {

struct Form {
    const char* name;
    std::string (*make)(const Recording& recording);
    const char* help;
};
constexpr Form kForms[] = {
    {"html", as_html, "A page for a browser, with zoom; works offline (if none is chosen)"},
    {"svg", as_svg, "A drawing, for a text or a bug report"},
    {"png", as_png, "The heat map alone, in pixels"},
    {"csv", as_csv, "A line for each watch at each look, in bytes and nanoseconds"},
    {"json", as_json, "Everything, with the heat of each part"},
};

struct Wanted {
    std::string file;
    std::string output;
    bool text = false;
    bool ascii = false;
    bool forms[std::size(kForms)] = {};
};

void write_file(const std::filesystem::path& path, const std::string& contents) {
    std::ofstream out{path, std::ios::binary | std::ios::trunc};
    if (!out || !out.write(contents.data(), static_cast<std::streamsize>(contents.size())).flush())
        throw Failure(fmt::format("{} cannot be written: {}", path.native(), std::strerror(errno)));
}

// To the file that was asked for, "-" for the output; or beside the recording.
void deliver(const Wanted& wanted, const std::string& contents, const std::string& form) {
    if (wanted.output == "-") {
        if (form == "png" && ::isatty(STDOUT_FILENO) != 0)
            throw Failure("a picture is nothing for a terminal: name a file with -o");
        std::fwrite(contents.data(), 1, contents.size(), stdout);
        return;
    }
    std::filesystem::path path = wanted.output;
    if (wanted.output.empty())
        path = std::filesystem::path{wanted.file}.replace_extension(form);
    write_file(path, contents);
    fmt::print("{}\n", path.native());
}

int report(const Wanted& wanted) {
    const Recording recording = load_recording(wanted.file);
    if (!recording.cut.empty())
        fmt::print(stderr, "writewatch: {} is cut off {}; what stands in front of it is shown\n",
                   wanted.file, recording.cut);
    if (wanted.text) {
        fmt::print("{}", as_text(recording, !wanted.ascii && can_show_blocks()));
        return kDone;
    }
    const auto chosen = std::ranges::find(wanted.forms, true) - std::begin(wanted.forms);
    const Form& form = kForms[static_cast<std::size_t>(chosen) % std::size(kForms)];
    deliver(wanted, form.make(recording), form.name);
    return kDone;
}

} // namespace

Run set_up_report(CLI::App& app) {
    auto wanted = std::make_shared<Wanted>();
    app.add_option("RECORDING", wanted->file, "The file that writewatch record wrote")
        ->type_name("FILE")
        ->required();
    app.add_option("-o,--output", wanted->output,
                   "The file to write; - prints it. Else it is beside the recording, with the form's "
                   "ending")
        ->type_name("FILE");
    std::vector<CLI::Option*> forms;
    for (std::size_t i = 0; i < std::size(kForms); ++i)
        forms.push_back(app.add_flag(fmt::format("--{}", kForms[i].name), wanted->forms[i],
                                     kForms[i].help));
    forms.push_back(app.add_flag("--text", wanted->text, "A heat map for the terminal"));
    for (CLI::Option* form : forms) {
        for (CLI::Option* other : forms) {
            if (form != other)
                form->excludes(other);
        }
    }
    app.add_flag("--ascii", wanted->ascii, "With --text: draw with ASCII characters");
    app.footer("The map has time from left to right and a band for each watch, from its lowest "
               "address in use at the top to its highest: nothing there, clean, and from little to "
               "all written. Below each band are its queries. The name of the file that was written "
               "is printed.\n\n"
               "Exit status: 0; 1 if the file is no recording or cannot be read or written, 2 for a "
               "wrong command line. A recording that was cut off is shown as far as it goes.");
    return [wanted] { return report(*wanted); };
}

} // namespace ww::command
