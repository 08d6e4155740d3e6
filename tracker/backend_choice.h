// SPDX-License-Identifier: MIT
// Which back end serves: what the program asks for, what the user forces by
// WRITEWATCH_BACKEND, and what works here.
#pragma once

#include "kernel/capabilities.h"

#include <cstdint>

namespace ww {

enum class BackendKind : std::uint8_t { none, pagemap_scan, protection };

// What the user says.
enum class Setting : std::uint8_t { nothing, pagemap_scan, protection, none, unknown };
Setting setting_of(const char* text) noexcept; // nullptr and "" are nothing

struct Choice {
    BackendKind kind = BackendKind::none;
    kernel::Verdict reason{}; // why no better one
};

// By the user's word, and by whether PAGEMAP_SCAN works, which is found out only
// if it matters. `demanded` is what the program can do with; none: anything.
template<class Probe>
Choice choose(BackendKind demanded, Setting setting, Probe probe_pagemap_scan) noexcept {
    using kernel::Missing;
    if (setting == Setting::unknown)
        return {BackendKind::none, {Missing::known_setting, {}}};
    if (setting == Setting::none)
        return {BackendKind::none, {Missing::setting_is_none, {}}};
    if (setting == Setting::protection && demanded != BackendKind::pagemap_scan)
        return {BackendKind::protection, {Missing::setting_is_mprotect, {}}};
    if (setting == Setting::protection)
        return {BackendKind::none, {Missing::setting_is_mprotect, {}}};
    if (demanded == BackendKind::protection && setting == Setting::pagemap_scan)
        return {BackendKind::none, {Missing::setting_is_pagemap_scan, {}}};
    if (demanded == BackendKind::protection)
        return {BackendKind::protection, {}};
    const kernel::Verdict verdict = probe_pagemap_scan();
    if (verdict.missing == Missing::nothing)
        return {BackendKind::pagemap_scan, {}};
    // What fails just now is no ground to be served worse ever after.
    const bool must = demanded == BackendKind::pagemap_scan || setting == Setting::pagemap_scan ||
                      verdict.error.passes();
    return {must ? BackendKind::none : BackendKind::protection, verdict};
}

// In this process. Found at the first call and remembered, unless it failed for want
// of something that may be had later.
Choice choose_backend(BackendKind demanded = BackendKind::none) noexcept;

} // namespace ww
