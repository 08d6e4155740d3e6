// SPDX-License-Identifier: MIT
// How writes are found: what every back end can be told and asked. All of it
// from any thread, without a lock and without waiting for anybody.
#pragma once

#include "kernel/memory.h"
#include "kernel/pagemap.h"
#include "memory_kind.h"
#include "page_state.h"
#include "range.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ww {

// What one bounded step of a collect found, in ascending order.
struct Step {
    std::span<const kernel::Region> written;
    std::uintptr_t resume = 0; // all before this address is answered
    kernel::Error error;       // then nothing was found, and nothing reset
};

inline std::size_t pages_in(std::span<const kernel::Region> regions) noexcept {
    std::size_t bytes = 0;
    for (const kernel::Region& region : regions)
        bytes += static_cast<std::size_t>(region.end - region.start);
    return bytes / kernel::page_bytes();
}

struct StepLimits {
    std::size_t regions;
    std::size_t pages;
};

class Backend {
public:
    virtual kernel::Error open() noexcept = 0;
    // Ends the object. Not by a virtual destructor, which would bring operator
    // delete into other people's processes.
    virtual void close() noexcept = 0;

    // Writes to the range are found from now on. Populated pages count as
    // written until they are collected with reset.
    virtual kernel::Error watch(Watched part) noexcept = 0;
    // All of the range becomes clean: what must be armed before it is touched is
    // armed. The rest is left to a collect with reset.
    virtual kernel::Error arm_ahead(Watched part) noexcept = 0;
    // The contents of the range were dropped: pages without any are clean.
    virtual kernel::Error dropped(Watched part) noexcept = 0;
    // The memory lives on, unwatched.
    virtual kernel::Error unwatch(Watched part) noexcept = 0;
    // The range is not mapped any more, or not for long.
    virtual void forget(Range range) noexcept = 0;

    // In front of a collect: finds what changed without a word, where that does
    // not show in the collect itself.
    virtual kernel::Error look(Watched) noexcept { return kernel::Error::none; }

    // A bounded piece of the front of `rest`, which is watched; the front of
    // `scratch` holds the answer: every `end` in it is 0, or from a step in
    // front of `rest`.
    // With `reset` the pages found start clean again.
    virtual Step collect(Watched rest, bool reset, StepLimits limits,
                         std::span<kernel::Region> scratch) noexcept = 0;

    // As collect(), and what else became of pages: each region's `categories`
    // are a PageState. A back end that cannot tell says written.
    virtual Step collect_states(Watched rest, bool reset, StepLimits limits,
                                std::span<kernel::Region> scratch) noexcept {
        const Step step = collect(rest, reset, limits, scratch);
        for (kernel::Region& region : scratch.first(step.written.size()))
            region.categories = static_cast<std::uint64_t>(PageState::written);
        return step;
    }

    // Pages that a collect of states without reset has just reported, and that
    // will not be protected: still it is to be told when they are dropped.
    virtual void leave_unprotected(std::span<const kernel::Region>) noexcept {}

    // A bit for each part (at most 64, in ascending order) that has to be
    // collected; nothing was written to the others. Resets nothing. A back end
    // that cannot tell in less time than collecting takes names all.
    // `unchanged`: nothing was mapped over the parts without a word.
    virtual std::uint64_t open_parts(std::span<const Watched>, bool /*unchanged*/) noexcept {
        return ~std::uint64_t{0};
    }

    // Pages that a collect without reset has just reported start clean again,
    // without a second question: what is written after this is found by the
    // next. After a failure some of them may be left as they were.
    virtual kernel::Error protect(Watched pages) noexcept = 0;

    // How often the host had closed a descriptor, which was opened again.
    virtual std::uint64_t reopened() const noexcept { return 0; }
    // How often the kernel allowed no more mappings, so that more was opened than
    // was written.
    std::uint64_t mapping_limits() const noexcept {
        return mapping_limits_.load(std::memory_order_relaxed);
    }
    // Collects that found another handler of SIGSEGV in front of ours.
    std::uint64_t foreign_handlers() const noexcept {
        return foreign_handlers_.load(std::memory_order_relaxed);
    }

    // How often a part was found changed without a word.
    std::uint64_t repairs() const noexcept { return repairs_.load(std::memory_order_relaxed); }

protected:
    ~Backend() = default;
    void count_repair() noexcept { repairs_.fetch_add(1, std::memory_order_relaxed); }

    void reset_counters() noexcept {
        repairs_.store(0, std::memory_order_relaxed);
        mapping_limits_.store(0, std::memory_order_relaxed);
        foreign_handlers_.store(0, std::memory_order_relaxed);
    }
    void count_mapping_limit() noexcept { mapping_limits_.fetch_add(1, std::memory_order_relaxed); }
    void count_foreign_handler() noexcept {
        foreign_handlers_.fetch_add(1, std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> repairs_{0};
    std::atomic<std::uint64_t> mapping_limits_{0};
    std::atomic<std::uint64_t> foreign_handlers_{0};
};

} // namespace ww
