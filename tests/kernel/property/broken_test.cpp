// SPDX-License-Identifier: MIT
// That the comparison can fail: trackers that are wrong now and then, each in one
// way, are found out within a few sequences.
#include "../need.h"
#include "generator.h"
#include "play.h"

#include <cstdint>
#include <doctest/doctest.h>

using namespace property;

namespace {

class LosesAPage : public System {
public:
    using System::System;
    Reply collect(Span span, bool reset, Form form, std::size_t capacity) override {
        Reply reply = System::collect(span, reset, form, capacity);
        if (reply.found.size() == 3) {
            reply.found.erase(reply.found.begin() + 1);
            --reply.result;
        }
        return reply;
    }
};

class ReportsANeighbour : public System {
public:
    using System::System;
    Reply collect(Span span, bool reset, Form form, std::size_t capacity) override {
        Reply reply = System::collect(span, reset, form, capacity);
        if (form == Form::ranges && reply.found.size() == 1 && reply.found[0].end() < span.end())
            ++reply.found[0].count;
        return reply;
    }
};

class ResumesTooFar : public System {
public:
    using System::System;
    Reply collect(Span span, bool reset, Form form, std::size_t capacity) override {
        Reply reply = System::collect(span, reset, form, capacity);
        if (reply.resume && *reply.resume > span.first && *reply.resume < span.end())
            ++*reply.resume;
        return reply;
    }
};

// What is never reset is reported again.
class ResetsNothing : public System {
public:
    using System::System;
    Reply collect(Span span, bool, Form form, std::size_t capacity) override {
        return System::collect(span, false, form, capacity);
    }
};

// Calls what is in one state another.
template<State from, State to>
class Mistakes : public System {
public:
    using System::System;
    Reply collect(Span span, bool reset, Form form, std::size_t capacity) override {
        Reply reply = System::collect(span, reset, form, capacity);
        if (form == Form::runs && reply.found.size() == 1 && reply.found[0].state == from)
            reply.found[0].state = to;
        return reply;
    }
};
using MissesDrops = Mistakes<State::discarded, State::written>;
using MissesWrites = Mistakes<State::written, State::discarded>;
using MissesChanges = Mistakes<State::unknown, State::written>;

template<class Broken>
bool is_found_out() {
    constexpr std::uint64_t kSequences = 50;
    const Memory memory;
    Statistics met;
    bool found = false;
    for (std::uint64_t seed = 0; seed < kSequences && !found; ++seed) {
        Broken system{memory};
        found = play(random_sequence(rc::Random{seed}, 100), system, met).has_value();
    }
    return found;
}

} // namespace

TEST_CASE_TEMPLATE("a broken tracker is found out", Broken, LosesAPage, ReportsANeighbour,
                   ResumesTooFar, ResetsNothing, MissesWrites) {
    CHECK(is_found_out<Broken>());
}

TEST_CASE_TEMPLATE("one that mistakes what it is not told of is found out", Broken, MissesDrops,
                   MissesChanges) {
    NEED(can::tell_drops);
    CHECK(is_found_out<Broken>());
}
