// SPDX-License-Identifier: MIT
#include "answer.h"

#include <cerrno>
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

// Ascending, inside what was answered; ranges never touch. A single page is
// a range here that may.
void check_order(Span answered, const std::vector<Span>& found, Form form) {
    std::size_t from = answered.first;
    for (const Span part : found) {
        if (part.first < from || part.end() > answered.end())
            wrong_page(part.first, " is out of order, or not in what was answered");
        from = part.end() + (form == Form::ranges ? 1 : 0);
    }
}

// Nothing left out, and no more than is declared.
void check_pages(const Model& model, Span answered, const std::vector<Span>& found) {
    auto next = found.begin();
    for (std::size_t page = answered.first; page < answered.end(); ++page) {
        while (next != found.end() && next->end() <= page)
            ++next;
        const bool reported = next != found.end() && next->first <= page;
        const Answer written = model.page(page).written;
        if (reported && written == Answer::clean)
            wrong_page(page, " was reported and not written");
        if (!reported && written == Answer::written)
            wrong_page(page, " was written and not reported");
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
    check_pages(model, answered, reply.found);
}

} // namespace property
