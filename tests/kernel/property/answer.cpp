// SPDX-License-Identifier: MIT
#include "answer.h"

#include <cerrno>
#include <optional>
#include <sstream>
#include <vector>

namespace property {

namespace {

void require(bool holds, const char* what) {
    if (!holds)
        throw Mismatch(what);
}

[[noreturn]] void wrong_page(std::size_t page, const char* what) {
    throw Mismatch("page " + std::to_string(page) + what);
}

// Ascending, inside what was answered; ranges never touch, nor do runs of one
// state. A single page is a range here that may.
void check_order(Span answered, const std::vector<Part>& found, Form form) {
    std::size_t from = answered.first;
    const Part* before = nullptr;
    for (const Part& part : found) {
        if (part.first < from || part.end() > answered.end())
            wrong_page(part.first, " is out of order, or not in what was answered");
        if (form != Form::pages && before != nullptr && part.first == before->end() &&
            part.state == before->state)
            wrong_page(part.first, " begins a part that goes on");
        from = part.end();
        before = &part;
    }
}

const char* wrong_with(const Page& page, bool reported) {
    if (reported && page.written == Answer::clean)
        return " was reported and not written";
    if (!reported && page.written == Answer::written)
        return " was written and not reported";
    return nullptr;
}

// What is new without a word is unknown, whatever else it is; what was written
// is not discarded any more.
const char* wrong_in_runs(const Model& model, const Page& page, std::optional<State> state) {
    if (state == State::unknown)
        return page.strange == Answer::clean ? " was called unknown and is not" : nullptr;
    if (page.strange == Answer::written && model.tells_drops())
        return " is new without a word, and not called unknown";
    if (state != State::discarded && page.dropped == Answer::written)
        return " was dropped and not called discarded";
    if (state != State::discarded)
        return wrong_with(page, state.has_value());
    if (page.written == Answer::written)
        return " was written and called discarded";
    return page.dropped == Answer::clean && page.mapped ? " was called discarded and is not"
                                                        : nullptr;
}

// Nothing left out, and no more than is declared.
void check_pages(const Model& model, Span answered, const std::vector<Part>& found, Form form) {
    auto next = found.begin();
    for (std::size_t page = answered.first; page < answered.end(); ++page) {
        while (next != found.end() && next->end() <= page)
            ++next;
        std::optional<State> state;
        if (next != found.end() && next->first <= page)
            state = next->state;
        const Page& known = model.page(page);
        const char* wrong = form == Form::runs ? wrong_in_runs(model, known, state)
                                               : wrong_with(known, state.has_value());
        if (wrong != nullptr)
            wrong_page(page, wrong);
    }
}

} // namespace

void expect(std::ptrdiff_t got, std::ptrdiff_t expected, const char* what) {
    if (got == expected)
        return;
    std::ostringstream text;
    text << what << ": " << got << ", and not " << expected;
    throw Mismatch(text.str());
}

void check_answer(const Model& model, Span span, std::size_t capacity, Form form,
                  const Reply& reply) {
    if (!model.watch_of(span)) {
        expect(reply.result, -ENOENT, "a collect of what is not one watch");
        require(!reply.resume, "failed, and stored where to resume");
        return;
    }
    expect(reply.result, static_cast<std::ptrdiff_t>(reply.found.size()), "a collect");
    require(reply.resume.has_value(), "where to resume was not stored");
    const std::size_t resume = *reply.resume;
    require(resume >= span.first && resume <= span.end(), "resumes outside of the range");
    require(resume == span.end() || reply.found.size() == capacity, "stopped with room left");
    require(resume > span.first || capacity == 0, "no progress");
    const Span answered{span.first, resume - span.first};
    check_order(answered, reply.found, form);
    check_pages(model, answered, reply.found, form);
}

} // namespace property
