// SPDX-License-Identifier: MIT
// Pages in lines of 64 bytes, and 64 lines in a span, which is a page or a part
// of a larger one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace ww {

// In words that every processor has registers for. By reference alone: how such
// words are passed depends on what the compiler may use.
struct alignas(64) Line {
    using Word [[gnu::vector_size(16)]] = std::uint64_t;
    Word words[4];

    void set_difference(const Line& a, const Line& b) noexcept {
        for (unsigned i = 0; i < 4; ++i)
            words[i] = a.words[i] ^ b.words[i];
    }
    bool differs(const Line& other) const noexcept {
        Word all = words[0] ^ other.words[0];
        for (unsigned i = 1; i < 4; ++i)
            all |= words[i] ^ other.words[i];
        return (all[0] | all[1]) != 0;
    }
};
static_assert(sizeof(Line) == 64);

// Of a span, a bit each.
using LineSet = std::uint64_t;
inline constexpr std::size_t kLinesPerSpan = 64;
inline constexpr std::size_t kSpanBytes = kLinesPerSpan * sizeof(Line);

inline std::size_t line_count(LineSet lines) noexcept {
    return static_cast<std::size_t>(std::popcount(lines));
}

template<class Visit>
void for_each_line(LineSet lines, Visit visit) noexcept {
    for (; lines != 0; lines &= lines - 1)
        visit(static_cast<unsigned>(std::countr_zero(lines)));
}

// Which lines of two spans differ; others may store in them meanwhile.
inline LineSet differing(const Line* a, const Line* b) noexcept {
    LineSet lines = 0;
    for (unsigned line = 0; line < kLinesPerSpan; ++line)
        lines |= LineSet{a[line].differs(b[line])} << line;
    return lines;
}

} // namespace ww
