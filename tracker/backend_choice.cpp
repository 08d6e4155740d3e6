// SPDX-License-Identifier: MIT
#include "backend_choice.h"

#include "kernel/environment.h"

#include <atomic>
#include <string_view>

namespace ww {

namespace {

constexpr int kUnknown = -1;

constexpr int packed(kernel::Verdict verdict) noexcept {
    return static_cast<int>(verdict.missing) << 16 | verdict.error.code();
}
constexpr kernel::Verdict unpacked(int packed) noexcept {
    return {static_cast<kernel::Missing>(packed >> 16), kernel::Error{packed & 0xffff}};
}

// Two threads that ask first at the same time both look: neither waits.
kernel::Verdict probe() noexcept {
    static std::atomic<int> remembered{kUnknown};
    int verdict = remembered.load(std::memory_order_relaxed);
    if (verdict == kUnknown) {
        verdict = packed(kernel::probe_pagemap_scan());
        if (!unpacked(verdict).error.passes())
            remembered.store(verdict, std::memory_order_relaxed);
    }
    return unpacked(verdict);
}

Setting setting() noexcept {
    static std::atomic<int> remembered{kUnknown};
    int setting = remembered.load(std::memory_order_relaxed);
    if (setting == kUnknown) {
        setting = static_cast<int>(setting_of(kernel::user_setting("WRITEWATCH_BACKEND")));
        remembered.store(setting, std::memory_order_relaxed);
    }
    return static_cast<Setting>(setting);
}

} // namespace

Setting setting_of(const char* text) noexcept {
    const std::string_view word = text == nullptr ? "" : text;
    if (word.empty())
        return Setting::nothing;
    if (word == "pagemap-scan")
        return Setting::pagemap_scan;
    if (word == "mprotect")
        return Setting::protection;
    return word == "none" ? Setting::none : Setting::unknown;
}

Choice choose_backend(BackendKind demanded) noexcept {
    return choose(demanded, setting(), probe);
}

} // namespace ww
