// SPDX-License-Identifier: MIT
// The thing under test: a tracker, through its public header, and its memory.
#pragma once

#include "memory.h"
#include "operation.h"
#include "writewatch/runs.h"
#include "writewatch/writewatch.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace property {

enum class State : unsigned {
    written = WW_WRITTEN,
    discarded = WW_DISCARDED,
    unknown = WW_UNKNOWN,
};

// Pages, and what is said of them: only runs say more than written.
struct Part : Span {
    State state = State::written;
};

// What a collect gave.
struct Reply {
    std::ptrdiff_t result = 0;
    std::vector<Part> found;             // in the order in which they were stored
    std::optional<std::size_t> resume{}; // a page, if it was stored
};

// What a lookup gave.
struct Found {
    bool found = false;
    std::optional<Span> watch{}; // if it was stored
};

// Each function also sees to what holds for every call: errno is not changed,
// nothing is stored behind what was given. Throws std::runtime_error.
class System {
public:
    // Fresh memory over the whole region, none of it watched.
    explicit System(const Memory& memory);
    virtual ~System() = default;
    System(const System&) = delete;
    System& operator=(const System&) = delete;

    const Memory& memory() const { return memory_; }

    int watch(Span span, unsigned flags) const;
    int unwatch(Span span) const;
    int forget(Span span) const;
    int remapped(Span span) const;
    int discarded(Span span) const;
    int reset(Span span) const;
    Found find(Span span) const;
    ww_counters counters() const;
    bool by_mprotect() const { return ww_tracker_backend(tracker_.get()) == WW_BACKEND_MPROTECT; }
    // Not const: a broken one may remember something.
    virtual Reply collect(Span span, bool reset, Form form, std::size_t capacity);

private:
    Reply collect_pages(Span span, unsigned flags, std::size_t capacity) const;
    Reply collect_ranges(Span span, unsigned flags, std::size_t capacity) const;
    Reply collect_runs(Span span, unsigned flags, std::size_t capacity) const;
    Span span_of(const void* base, std::size_t bytes) const;
    std::optional<std::size_t> page_if_stored(const void* address) const;

    struct Destroy {
        void operator()(ww_tracker* tracker) const { ww_tracker_destroy(tracker); }
    };
    const Memory& memory_;
    std::unique_ptr<ww_tracker, Destroy> tracker_;
};

} // namespace property
