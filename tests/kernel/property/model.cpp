// SPDX-License-Identifier: MIT
#include "model.h"

#include <algorithm>

namespace property {

template<class Change>
void Model::for_each(Span span, Change change) {
    for (std::size_t page = span.first; page < span.end(); ++page)
        change(pages_[page]);
}

bool Model::readable(std::size_t page) const {
    return pages_[page].mapped && pages_[page].access != Access::none;
}

bool Model::writable(std::size_t page) const {
    return pages_[page].mapped && pages_[page].access == Access::write;
}

// Also where nobody watches: a watch with KEEP counts it.
void Model::store(std::size_t page) {
    pages_[page].populated = true;
    pages_[page].present = true;
    pages_[page].written = Answer::written;
    pages_[page].dropped = Answer::clean;
}

// Where the state is not kept a page that was read looks like a written one
// until somebody has looked at the memory.
void Model::load(std::size_t number) {
    Page& page = pages_[number];
    page.present = true;
    if (keeps_ == Keeps::nothing && (page.unarmed || page.strange != Answer::clean) &&
        page.written == Answer::clean)
        page.written = Answer::maybe;
}

// Where the state is not kept, what has contents may have been written when
// access is given, and new memory that nobody looked at yet cannot be told when
// it is taken.
void Model::protect(Span span, Access access) {
    for_each(span, [&](Page& page) {
        page.access = access;
        if (keeps_ == Keeps::state || page.watch == 0)
            return;
        const bool unknown = access == Access::write ? page.present && page.written == Answer::clean
                                                     : page.strange != Answer::clean;
        if (unknown)
            page.written = Answer::maybe;
        page.unarmed = page.unarmed || access == Access::write;
    });
}

// Told or not, what is written from now on counts and nothing else.
void Model::map_over(Span span, Access access, bool told) {
    for_each(span, [&](Page& page) {
        const bool strange = page.watch != 0 && !told;
        const bool stale =
            strange && keeps_ == Keeps::nothing && (page.stale || page.written != Answer::clean);
        page = {.access = access,
                .written = stale ? Answer::maybe : Answer::clean,
                .strange = strange ? Answer::written : Answer::clean,
                .unarmed = told,
                .watch = page.watch};
    });
}

void Model::unmap(Span span, bool told) {
    if (told)
        forget(span);
    for_each(span, [](Page& page) {
        const bool stale = page.stale || page.written != Answer::clean;
        page = {.mapped = false,
                .stale = page.watch != 0 && stale,
                .watch = page.watch};
    });
}

// Without a word. Told of back ends that tell of it at all; of what was written
// again, or only read, they may.
void Model::lose_contents(Page& page) const {
    const bool may_be_known = page.known != Answer::clean || (page.present && !page.populated);
    if (!tells_drops() || page.watch == 0)
        page.dropped = Answer::clean;
    else if (page.known == Answer::written && page.written == Answer::clean)
        page.dropped = Answer::written;
    else if (may_be_known && page.dropped == Answer::clean)
        page.dropped = Answer::maybe;
}

// Without a word the tracker may take the page for one that it knows the state
// of. Whether it was written before is lost with its contents. That the contents
// were dropped does not tell that other memory is there.
void Model::discard(Span span, Word word) {
    const bool told = word != Word::none;
    for_each(span, [&](Page& page) {
        lose_contents(page);
        if (told)
            page.known = page.dropped = Answer::clean;
        page.populated = false;
        page.present = false;
        page.written = page.watch != 0 && !told ? Answer::maybe : Answer::clean;
        page.armed = page.armed && !told;
        page.unarmed = page.unarmed || told;
        if (word == Word::remapped)
            page.strange = Answer::clean;
    });
}

void Model::watch(Span span, bool keep) {
    ++last_watch_;
    for_each(span, [&](Page& page) {
        page.watch = last_watch_;
        page.unarmed = keep;
        if (page.present)
            page.known = page.populated && !keep && page.known == Answer::clean ? Answer::written
                                                                                : Answer::maybe;
        if (!keep)
            page.written = Answer::clean;
        else if (keeps_ == Keeps::nothing && page.present && page.written == Answer::clean)
            page.written = Answer::maybe;
    });
}

// The kernel forgets which pages were clean.
void Model::unwatch(Span span) {
    for_each(span, [](Page& page) {
        if (page.watch != 0 && page.populated && page.written == Answer::clean)
            page.written = Answer::maybe;
    });
    end_watches(span);
}

// Nothing happens to the memory: with KEEP it goes on where it was.
void Model::forget(Span span) {
    end_watches(span);
}

// It may have got as far as the protections.
void Model::failed_watch(Span span) {
    for_each(span, [](Page& page) {
        if (page.populated && page.written == Answer::clean)
            page.written = Answer::maybe;
    });
}

// What is left on both sides are two watches from then on.
void Model::end_watches(Span span) {
    const std::uint32_t before = span.first > 0 ? pages_[span.first - 1].watch : 0;
    const std::uint32_t last = pages_[span.end() - 1].watch;
    for_each(span, [](Page& page) {
        page.watch = 0;
        page.armed = false;
        page.strange = Answer::clean;
        page.stale = false;
        page.known = std::min(page.known, Answer::maybe); // may be protected still
        page.dropped = Answer::clean;
        // What had no contents any more starts anew.
        if (!page.populated)
            page.written = Answer::clean;
    });
    if (before == 0 || before != last)
        return;
    ++last_watch_;
    for (std::size_t page = span.end(); page < kRegionPages && pages_[page].watch == last; ++page)
        pages_[page].watch = last_watch_;
}

// A page that was discarded without a word may be taken for an armed one until
// it was reported: there was nothing to make clean.
void Model::reset(Span span) {
    for_each(span, [&](Page& page) {
        page.dropped = std::min(page.dropped, Answer::maybe);
        if (page.written == Answer::maybe && !page.populated) {
            page.known = Answer::maybe;
            page.dropped = tells_drops() ? Answer::maybe : Answer::clean;
            return;
        }
        if (page.written == Answer::written)
            page.known = Answer::written;
        else if (page.written == Answer::maybe && page.known == Answer::clean)
            page.known = Answer::maybe;
        page.armed = page.armed || page.written == Answer::written;
        page.written = Answer::clean;
    });
}

void Model::reported(std::size_t number, Form form, bool reset) {
    if (!reset)
        return;
    Page& page = pages_[number];
    page.written = Answer::clean;
    page.armed = true;
    // Taken for written without contents, it looks like a dropped one from now on.
    const Answer lost = form == Form::runs ? Answer::clean : Answer::maybe;
    page.known = page.populated ? Answer::written : lost;
    page.dropped = page.populated || !tells_drops() ? Answer::clean : lost;
}

void Model::collected(Span span, std::size_t resume) {
    for (std::size_t page = span.first; page < span.end(); ++page) {
        Answer& strange = pages_[page].strange;
        pages_[page].unarmed = false;
        pages_[page].stale = false; // holes are looked for in all of the range
        if (page < resume)
            strange = Answer::clean;
        else if (strange == Answer::written)
            strange = Answer::maybe;
    }
}

bool Model::any_watched(Span span) const {
    return std::any_of(&pages_[span.first], &pages_[span.first] + span.count,
                       [](const Page& page) { return page.watch != 0; });
}

bool Model::any_unmapped(Span span) const {
    return !std::all_of(&pages_[span.first], &pages_[span.first] + span.count,
                        [](const Page& page) { return page.mapped; });
}

std::optional<Span> Model::watch_of(Span span) const {
    const std::uint32_t watch = pages_[span.first].watch;
    if (watch == 0 || clipped(span).count != span.count)
        return std::nullopt;
    std::size_t first = span.first;
    std::size_t end = span.end();
    while (first > 0 && pages_[first - 1].watch == watch)
        --first;
    while (end < kRegionPages && pages_[end].watch == watch)
        ++end;
    return Span{first, end - first};
}

std::size_t Model::watch_count() const {
    std::size_t count = 0;
    std::uint32_t before = 0;
    for (const Page& page : pages_) {
        count += page.watch != before && page.watch != 0 ? 1 : 0;
        before = page.watch;
    }
    return count;
}

Span Model::clipped(Span span) const {
    std::size_t end = span.first + 1;
    while (end < span.end() && pages_[end].watch == pages_[span.first].watch)
        ++end;
    return {span.first, end - span.first};
}

bool Model::two_armed_blocks(Span span) const {
    const std::size_t last = (span.end() - 1) / kBlockPages;
    for (std::size_t block = span.first / kBlockPages; block < last; ++block) {
        if (block_is_armed(block) && block_is_armed(block + 1))
            return true;
    }
    return false;
}

bool Model::block_is_armed(std::size_t block) const {
    return std::all_of(&pages_[block * kBlockPages], &pages_[block * kBlockPages] + kBlockPages,
                       [](const Page& page) { return page.armed; });
}

} // namespace property
