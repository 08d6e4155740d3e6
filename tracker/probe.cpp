// SPDX-License-Identifier: MIT
#include "probe.h"

#include <atomic>

namespace ww {

namespace {

constexpr int kUnknown = -1;

constexpr int packed(kernel::Verdict verdict) noexcept {
    return static_cast<int>(verdict.missing) << 16 | verdict.error.code();
}
constexpr kernel::Verdict unpacked(int packed) noexcept {
    return {static_cast<kernel::Missing>(packed >> 16), kernel::Error{packed & 0xffff}};
}

} // namespace

// Two threads that ask first at the same time both look: neither waits.
kernel::Verdict probe() noexcept {
    static std::atomic<int> remembered{kUnknown};
    int verdict = remembered.load(std::memory_order_relaxed);
    if (verdict == kUnknown) {
        verdict = packed(kernel::probe_pagemap_scan());
        remembered.store(verdict, std::memory_order_relaxed);
    }
    return unpacked(verdict);
}

} // namespace ww
