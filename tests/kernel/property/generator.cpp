// SPDX-License-Identifier: MIT
// What is drawn is meant to meet: places near the borders of blocks, changes of
// few pages inside of blocks that were written from end to end, collects that
// mostly stay inside one watch.
#include "generator.h"

#include <algorithm>
#include <array>

namespace property {

namespace {

class Drawing {
public:
    explicit Drawing(const rc::Random& random) : random_(random) {}

    Sequence sequence(std::size_t length);

private:
    std::size_t below(std::size_t limit) {
        return static_cast<std::size_t>(random_.next() % limit);
    }
    bool one_in(std::size_t n) { return below(n) == 0; }
    void add(const Operation& operation) { out_.operations.push_back(operation); }

    std::size_t page();
    Span few_pages();
    Span whole_blocks();
    Span some_pages();
    std::size_t step() { return one_in(3) ? 2 + below(6) : 1; }
    std::size_t capacity();
    Access access();
    Word word();
    Form form();

    void store();
    void change();
    void collect();
    void change_watches();
    void arm_blocks();

    rc::Random random_;
    Sequence out_;
};

// Mostly one of the four on either side of a block's border.
std::size_t Drawing::page() {
    if (one_in(4))
        return below(kRegionPages);
    const std::size_t near = below(8);
    return below(kBlocks) * kBlockPages + (near < 4 ? near : kBlockPages - 8 + near);
}

Span Drawing::few_pages() {
    const std::size_t first = page();
    return {first, std::min(1 + below(6), kRegionPages - first)};
}

Span Drawing::whole_blocks() {
    const std::size_t first = below(kBlocks);
    const std::size_t count = std::min(2 + below(2), kBlocks - first);
    return {first * kBlockPages, count * kBlockPages};
}

Span Drawing::some_pages() {
    switch (below(8)) {
    case 0:
        return {0, kRegionPages};
    case 1:
        return whole_blocks();
    case 2:
    case 3: {
        const auto [first, last] = std::minmax({page(), page()});
        return {first, last - first + 1};
    }
    default:
        return few_pages();
    }
}

std::size_t Drawing::capacity() {
    switch (below(4)) {
    case 0:
        return below(6);
    case 1:
        return below(600);
    default:
        return kRegionPages;
    }
}

Access Drawing::access() {
    constexpr std::array kAccesses{Access::none, Access::read, Access::write, Access::write};
    return kAccesses[below(kAccesses.size())];
}

// Drops are told of only now and then.
Word Drawing::word() {
    constexpr std::array kWords{Word::none, Word::none,     Word::none,
                                Word::none, Word::remapped, Word::discarded};
    return kWords[below(kWords.size())];
}

Form Drawing::form() {
    constexpr std::array kForms{Form::pages, Form::ranges, Form::runs};
    return kForms[below(kForms.size())];
}

void Drawing::store() {
    switch (below(12)) {
    case 0:
    case 1:
        return add(Load{some_pages(), step()});
    case 2:
    case 3:
        return add(KernelWrite{few_pages()});
    case 4:
        return add(Store{some_pages(), step()});
    default:
        return add(Store{few_pages(), step()});
    }
}

// Of the mapping. Large ones are rare, or nothing would ever stay as it is.
void Drawing::change() {
    const Span span = one_in(6) ? some_pages() : few_pages();
    switch (below(12)) {
    case 0: // a decommit, and mostly a commit
        add(MapOver{.span = span, .access = Access::none});
        if (!one_in(4))
            add(Protect{.span = span});
        return;
    case 1:
    case 2:
        return add(MapOver{.span = span, .access = access(), .store_before_word = one_in(2)});
    case 3:
    case 4:
        return add(MapOver{
            .span = span, .access = access(), .told = false, .store_before_word = one_in(2)});
    case 5:
        return add(Unmap{.span = span, .told = !one_in(3)});
    case 6:
    case 7:
    case 8:
        return add(Discard{.span = span, .word = word()});
    case 9:
        return add(Protect{.span = some_pages()});
    default:
        return add(Protect{.span = span, .access = access()});
    }
}

void Drawing::collect() {
    const Span span = one_in(3) ? Span{0, kRegionPages} : some_pages();
    const bool clip = !one_in(8);
    if (one_in(6))
        return add(Reset{span, clip});
    add(Collect{.span = span,
                .clip = clip,
                .reset = !one_in(3),
                .form = form(),
                .capacity = capacity(),
                .calls = one_in(2) ? 1 : 1 + below(12)});
}

void Drawing::change_watches() {
    switch (below(8)) {
    case 0:
        return add(Unwatch{few_pages()});
    case 1:
        return add(Unwatch{some_pages()});
    case 2:
        return add(Forget{one_in(3) ? some_pages() : few_pages()});
    case 3:
        return add(Find{some_pages()});
    case 4: { // two watches side by side become one, or what was freed comes back
        const Span span = some_pages();
        add(Forget{span});
        return add(Watch{.span = span, .clip = one_in(2), .keep = one_in(2)});
    }
    default:
        return add(Watch{.span = one_in(3) ? Span{0, kRegionPages} : some_pages(),
                         .clip = !one_in(4),
                         .keep = one_in(3),
                         .anonymous = one_in(3)});
    }
}

// From end to end, at once or in two halves.
void Drawing::arm_blocks() {
    const Span span = one_in(4) ? Span{0, kRegionPages} : whole_blocks();
    add(Protect{.span = span});
    add(Store{.span = span});
    if (one_in(4))
        add(Collect{.span = {span.first, span.count / 2}, .clip = true, .reset = true});
    add(Collect{.span = span, .clip = true, .reset = true});
}

Sequence Drawing::sequence(std::size_t length) {
    if (!one_in(8))
        add(Watch{.span = {0, kRegionPages}});
    if (one_in(2))
        arm_blocks();
    while (out_.operations.size() < length) {
        const std::size_t kind = below(100);
        if (kind < 32)
            store();
        else if (kind < 52)
            change();
        else if (kind < 84)
            collect();
        else if (kind < 98)
            change_watches();
        else
            arm_blocks();
    }
    return out_;
}

} // namespace

Sequence random_sequence(rc::Random random, std::size_t length) {
    return Drawing{random}.sequence(length);
}

} // namespace property
