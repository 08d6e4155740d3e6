// SPDX-License-Identifier: MIT
#include "generator.h"

#include <rapidcheck/seq/Create.h>
#include <rapidcheck/seq/Operations.h>
#include <rapidcheck/shrink/Shrink.h>
#include <rapidcheck/shrinkable/Create.h>

namespace property {

namespace {

// Places that read well, and no search for the smallest number: every step is a
// whole sequence played again.
std::vector<Span> simpler_spans(Span span) {
    std::vector<Span> spans;
    for (const std::size_t count : {std::size_t{1}, span.count / 2}) {
        if (count > 0 && count < span.count) {
            spans.push_back({span.first, count});
            spans.push_back({span.end() - count, count});
        }
    }
    const std::size_t in_block = span.first % kBlockPages;
    for (const std::size_t first : {std::size_t{0}, in_block, span.first - in_block}) {
        if (first < span.first)
            spans.push_back({first, span.count});
    }
    return spans;
}

// Fields that have a plainer value than they have now.
struct Plainer {
    std::vector<Operation>& out;

    template<class Op, class Field, class Value>
    void plain(Op op, Field Op::*field, Value value) const {
        if (op.*field == value)
            return;
        op.*field = value;
        out.push_back(op);
    }

    template<class Op>
    void operator()(const Op&) const {}
    void operator()(const Store& op) const { plain(op, &Store::step, 1U); }
    void operator()(const Load& op) const { plain(op, &Load::step, 1U); }
    void operator()(const Protect& op) const { plain(op, &Protect::access, Access::write); }
    void operator()(const MapOver& op) const {
        plain(op, &MapOver::access, Access::write);
        plain(op, &MapOver::store_before_word, false);
    }
    void operator()(const Discard& op) const { plain(op, &Discard::word, Word::discarded); }
    void operator()(const Collect& op) const {
        plain(op, &Collect::clip, false);
        plain(op, &Collect::calls, 1U);
        plain(op, &Collect::calls, (op.calls + 1) / 2);
        plain(op, &Collect::form, Form::pages);
        plain(op, &Collect::capacity, kRegionPages);
        if (op.capacity != kRegionPages)
            plain(op, &Collect::capacity, op.capacity / 2);
    }
    void operator()(const Reset& op) const { plain(op, &Reset::clip, false); }
    void operator()(const Watch& op) const {
        plain(op, &Watch::clip, false);
        plain(op, &Watch::keep, false);
        plain(op, &Watch::anonymous, false);
    }
};

} // namespace

std::vector<Operation> simpler(const Operation& operation) {
    std::vector<Operation> out;
    const auto with_simpler_spans = [&](auto op) {
        for (const Span span : simpler_spans(op.span)) {
            op.span = span;
            out.push_back(op);
        }
    };
    std::visit(with_simpler_spans, operation);
    std::visit(Plainer{out}, operation);
    return out;
}

rc::Gen<Sequence> sequences() {
    const auto simpler_sequences = [](const Sequence& sequence) {
        const auto whole = [](std::vector<Operation>&& operations) {
            return Sequence{std::move(operations)};
        };
        const auto simpler_operations = [](const Operation& operation) {
            return rc::seq::fromContainer(simpler(operation));
        };
        return rc::seq::map(
            rc::seq::concat(rc::shrink::removeChunks(sequence.operations),
                            rc::shrink::eachElement(sequence.operations, simpler_operations)),
            whole);
    };
    return [=](const rc::Random& random, int size) {
        const auto length = 30 + static_cast<std::size_t>(size) * 3 / 2;
        return rc::shrinkable::shrinkRecur(random_sequence(random, length), simpler_sequences);
    };
}

} // namespace property
