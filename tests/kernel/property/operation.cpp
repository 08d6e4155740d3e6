// SPDX-License-Identifier: MIT
#include "operation.h"

#include <ostream>

namespace property {

namespace {

const char* name(Access access) {
    switch (access) {
    case Access::none:
        return " none";
    case Access::read:
        return " read-only";
    default:
        return " read-write";
    }
}

const char* told_or_not(bool told) {
    return told ? " told" : " untold";
}

const char* name(Word word) {
    switch (word) {
    case Word::none:
        return " untold";
    case Word::remapped:
        return " told as new memory";
    default:
        return " told";
    }
}

const char* name(Form form) {
    switch (form) {
    case Form::pages:
        return "pages ";
    case Form::ranges:
        return "ranges ";
    default:
        return "runs ";
    }
}

// One for each operation: its name, its span, then what else it carries.
struct Printer {
    std::ostream& out;

    void operator()(const Store& op) { out << "store " << op.span << " step " << op.step; }
    void operator()(const Load& op) { out << "load " << op.span << " step " << op.step; }
    void operator()(const KernelWrite& op) { out << "kernel write " << op.span; }
    void operator()(const Protect& op) { out << "protect " << op.span << name(op.access); }
    void operator()(const MapOver& op) {
        out << "map over " << op.span << name(op.access) << told_or_not(op.told)
            << (op.store_before_word ? ", first page stored to" : "");
    }
    void operator()(const Unmap& op) { out << "unmap " << op.span << told_or_not(op.told); }
    void operator()(const Discard& op) { out << "discard " << op.span << name(op.word); }
    void operator()(const Collect& op) {
        out << "collect " << name(op.form) << op.span << (op.clip ? " clipped" : "")
            << (op.reset ? " reset" : "") << " capacity " << op.capacity << " calls " << op.calls;
    }
    void operator()(const Reset& op) { out << "reset " << op.span << (op.clip ? " clipped" : ""); }
    void operator()(const Watch& op) {
        out << "watch " << op.span << (op.clip ? " clipped" : "") << (op.keep ? " keep" : "")
            << (op.anonymous ? " anonymous" : "");
    }
    void operator()(const Unwatch& op) { out << "unwatch " << op.span; }
    void operator()(const Forget& op) { out << "forget " << op.span; }
    void operator()(const Find& op) { out << "find " << op.span; }
};

} // namespace

std::ostream& operator<<(std::ostream& out, Span span) {
    return out << '[' << span.first << ", " << span.end() << ')';
}

std::ostream& operator<<(std::ostream& out, const Operation& operation) {
    std::visit(Printer{out}, operation);
    return out;
}

std::ostream& operator<<(std::ostream& out, const Sequence& sequence) {
    std::size_t number = 0;
    for (const Operation& operation : sequence.operations)
        out << "\n  " << ++number << ". " << operation;
    return out;
}

} // namespace property
