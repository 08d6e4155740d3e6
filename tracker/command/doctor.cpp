// SPDX-License-Identifier: MIT
#include "doctor/finding.h"
#include "failure.h"
#include "subcommand.h"
#include "text.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace ww::command {

namespace {

struct Wanted {
    bool json = false;
    std::vector<std::string> needs{"tracking"};
};

constexpr const char* word(State state) noexcept {
    switch (state) {
    case State::good:
        return "ok";
    case State::note:
        return "note";
    case State::bad:
        break;
    }
    return "FAIL";
}

bool holds(const Findings& findings, const std::string& topic) {
    return std::ranges::any_of(findings, [&](const Finding& finding) {
        return finding.topic == topic && finding.state == State::good;
    });
}

void print_text(const Findings& findings, bool serves) {
    for (const Finding& finding : findings) {
        constexpr std::size_t kFactColumn = 19;
        fmt::print("{:<4}  {:<13}{}", word(finding.state), finding.topic,
                   wrapped(fmt::format("{} [{}]", finding.fact, finding.proof), kColumns,
                           kFactColumn));
        if (!finding.remedy.empty())
            fmt::print("{:>{}}{}", "-> ", kFactColumn,
                       wrapped(finding.remedy, kColumns, kFactColumn));
    }
    fmt::print("\n{}\n",
               serves ? "writewatch works here." : "writewatch does not do here what is needed.");
}

void print_json(const Findings& findings, bool serves) {
    nlohmann::ordered_json facts = nlohmann::ordered_json::array();
    for (const Finding& finding : findings)
        facts.push_back({{"topic", finding.topic},
                         {"state", word(finding.state)},
                         {"fact", finding.fact},
                         {"proof", finding.proof},
                         {"remedy", finding.remedy}});
    const nlohmann::ordered_json all{
        {"version", WW_VERSION}, {"serves", serves}, {"findings", std::move(facts)}};
    // Names of folders may be anything.
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int examine(const Wanted& wanted) {
    Findings findings;
    examine_kernel(findings);
    examine_wines(findings);
    examine_steam(findings);
    const bool serves = std::ranges::all_of(
        wanted.needs, [&](const std::string& topic) { return holds(findings, topic); });
    wanted.json ? print_json(findings, serves) : print_text(findings, serves);
    return serves ? kDone : kFailed;
}

} // namespace

Run set_up_doctor(CLI::App& app) {
    auto wanted = std::make_shared<Wanted>();
    app.add_flag("--json", wanted->json, "Print JSON, for scripts and bug reports");
    app.add_option("--need", wanted->needs,
                   "Topics that must be \"ok\" for a successful exit; \"tracking\" if not given")
        ->type_name("TOPIC")
        ->check(CLI::IsMember({"kernel", "userfaultfd", "pagemap", "backend", "tracking", "plugin",
                               "plugin-32", "wine", "steam"}));
    app.footer(
        "Each line is a fact with its proof in brackets and, where something can be done about it, "
        "what. Nothing is changed. To see what the plugin makes of a Wine, it is run with "
        "--version.\n\n"
        "Exit status: 0 if all that is needed is there, 1 if not, 2 for a wrong command line. "
        "\"--need wine\" asks for a Wine that the plugin can serve.");
    return [wanted] { return examine(*wanted); };
}

} // namespace ww::command
