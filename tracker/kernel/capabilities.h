// SPDX-License-Identifier: MIT
// What this kernel lets this process do, found by effect and not by version.
#pragma once

#include "kernel/pagemap.h"
#include "kernel/userfaultfd.h"

#include <span>

namespace ww::kernel {

// The first thing that is missing for the pagemap-scan back end.
enum class Missing : unsigned char {
    nothing,
    userfaultfd,             // the call is absent or denied
    asynchronous,            // userfaultfd without WP_ASYNC
    pagemap,                 // /proc/self/pagemap cannot be opened
    memory,                  // no scratch page could be had
    registration,            // a range cannot be registered
    scan,                    // PAGEMAP_SCAN is absent or denied
    exactness,               // it answers, and wrongly
    setting_is_pagemap_scan, // WRITEWATCH_BACKEND forces a back end
    setting_is_mprotect,
    setting_is_none,
    known_setting, // it has a value that means nothing
};

struct Verdict {
    Missing missing = Missing::nothing;
    Error error;
};

// Opens both descriptors, runs the self-test on a scratch mapping, closes.
Verdict probe_pagemap_scan() noexcept;

// The verdict in words, as one line, cut to fit and ended by NUL. Empty for
// Missing::nothing.
void describe(Verdict verdict, std::span<char> text) noexcept;

} // namespace ww::kernel
