// SPDX-License-Identifier: MIT
// Every kind of memory that can be watched.
#pragma once

#include "pages.h"

#include <string_view>
#include <vector>

// Pages of a test's memory: hugetlb pages are few.
inline constexpr std::size_t kKindPages = 8;

// Those that cannot be had on this machine are left out, and said so once.
const std::vector<TestedKind>& tested_kinds();

const TestedKind& tested_kind(std::string_view name);

inline bool is_shared(const TestedKind& kind) {
    return kind.name == std::string_view{"memfd"} || std::string_view{kind.name}.starts_with("shared");
}
inline bool is_hugetlb(const TestedKind& kind) {
    return kind.page_bytes != kPage;
}
