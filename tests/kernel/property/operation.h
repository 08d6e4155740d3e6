// SPDX-License-Identifier: MIT
// What a program can do to its memory and to the tracker, as plain data: a
// sequence of operations can be replayed, printed and made smaller. Every
// sequence is valid; what cannot be done (a store to a read-only page) is left
// out while it is played.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <variant>
#include <vector>

namespace property {

// The region that everything happens in. A block is what the tracker may take
// for armed as a whole; five have room for two pairs of armed ones with something
// else between them.
inline constexpr std::size_t kBlockPages = 512;
inline constexpr std::size_t kBlocks = 5;
inline constexpr std::size_t kRegionPages = kBlocks * kBlockPages;

// Pages, by number; never empty, never beyond the region.
struct Span {
    std::size_t first = 0;
    std::size_t count = 1;
    std::size_t end() const { return first + count; }
};

enum class Access : unsigned char { none, read, write };

// Every `step`th page of the span.
struct Store {
    Span span;
    std::size_t step = 1;
};
struct Load {
    Span span;
    std::size_t step = 1;
};
// read(2) into the pages.
struct KernelWrite {
    Span span;
};
struct Protect {
    Span span;
    Access access = Access::write;
};

// New memory over the span. The tracker is told, or has to find out.
struct MapOver {
    Span span;
    Access access = Access::write;
    bool told = true;
    bool store_before_word = false; // to the first page
};
struct Unmap {
    Span span;
    bool told = true;
};
enum class Word : unsigned char { none, remapped, discarded };
// The contents are dropped, the mapping stays. The tracker is told in one way or
// the other, or not.
struct Discard {
    Span span;
    Word word = Word::discarded;
};

enum class Form : unsigned char { pages, ranges, runs };
// With `clip` only the part of the span that one watch covers: the watch of the
// first page.
struct Collect {
    Span span;
    bool clip = false;
    bool reset = false;
    Form form = Form::pages;
    std::size_t capacity = kRegionPages;
    std::size_t calls = 1; // at most, each from where the last one stopped
};
struct Reset {
    Span span;
    bool clip = false;
};

struct Watch {
    Span span;
    bool clip = false; // to what is not watched yet
    bool keep = false;
    bool anonymous = false;
};
struct Unwatch {
    Span span;
};
struct Forget {
    Span span;
};
struct Find {
    Span span;
};

using Operation = std::variant<Store, Load, KernelWrite, Protect, MapOver, Unmap, Discard, Collect,
                               Reset, Watch, Unwatch, Forget, Find>;

struct Sequence {
    std::vector<Operation> operations;
};

std::ostream& operator<<(std::ostream& out, Span span);
std::ostream& operator<<(std::ostream& out, const Operation& operation);
std::ostream& operator<<(std::ostream& out, const Sequence& sequence);

} // namespace property
