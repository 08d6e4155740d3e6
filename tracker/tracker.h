// SPDX-License-Identifier: MIT
// A tracker: the set of watches, the back end, and what they owe each other.
#pragma once

#include "arena.h"
#include "backend.h"
#include "backend_choice.h"
#include "claims.h"
#include "collector.h"
#include "counters.h"
#include "kernel/fork_guard.h"
#include "kernel/memory.h"
#include "range.h"
#include "watch_table.h"

#include <atomic>
#include <cstdint>
#include <optional>

namespace ww {

class Tracker {
public:
    // In memory of its own, so that no allocator of the host is called.
    static kernel::Result<Tracker*> create(BackendKind kind) noexcept;
    static void destroy(Tracker* tracker) noexcept;

    bool in_child() const noexcept { return fork_guard_.in_child(); }

    struct WatchOptions {
        bool known_anonymous;
        bool keep; // populated pages stay as they are
        bool huge_pages;
    };
    kernel::Error watch(Range range, WatchOptions options) noexcept;
    kernel::Error unwatch(Range range) noexcept;
    kernel::Error forget(Range range) noexcept;
    kernel::Error remapped(Range range) noexcept;
    kernel::Error discarded(Range range) noexcept;
    std::optional<Watched> find(Range range) const noexcept { return watches_.find(range); }
    // The first watch that overlaps the range.
    std::optional<Watched> find_first(Range range) const noexcept {
        return watches_.find_first(range);
    }

    // What a collect of the range would be about. busy: a part that is to be
    // reset is claimed.
    kernel::Result<Watched> collectable(Range range, bool reset) const noexcept {
        const std::optional<Watched> watched = watches_.find(range);
        if (!watched)
            return kernel::Error::not_found;
        if (reset && claims_.meet(range))
            return kernel::Error::busy;
        const Watched part{range, watched->kind};
        return is_whole(part, kernel::page_bytes()) ? kernel::Result<Watched>{part}
                                                    : kernel::Error::invalid;
    }

    // The range lies inside one watch. busy: a part that is to be reset is
    // claimed.
    template<class Answer>
    Collected collect(Range range, bool reset, Answer& answer) noexcept {
        return collect_unclaimed(*backend_, range, reset, answer);
    }
    template<class Source, class Answer>
    Collected collect_unclaimed(Source& source, Range range, bool reset, Answer& answer) noexcept {
        if (reset && claims_.meet(range))
            return {range.start, kernel::Error::busy};
        return collect_from(source, range, reset, answer);
    }

    // For those who reset pages on behalf of others, and for them alone.
    // Not for hugetlb memory: they count in pages of the system's size.
    kernel::Error claim(Range range) noexcept;
    void end_claim(Range range) noexcept { claims_.remove(range); }
    template<class Answer>
    Collected collect_claimed(Range range, Answer& answer) noexcept {
        return collect_from(*backend_, range, true, answer);
    }
    Backend& backend() noexcept { return *backend_; }
    // `source` is asked in the back end's stead.
    template<class Source, class Answer>
    Collected collect_from(Source& source, Range range, bool reset, Answer& answer) noexcept {
        const std::optional<WatchTable::Found> found = watches_.look_up(range);
        if (!found)
            return {range.start, kernel::Error::not_found};
        const MemoryKind kind = found->watched.kind;
        if (!is_whole({range, kind}, kernel::page_bytes()))
            return {range.start, kernel::Error::invalid};
        answer.use_pages_of(granularity(kind, kernel::page_bytes()));
        return collect_counted(source, {answer.fitting(range), kind}, found->counts, reset, answer);
    }

    // `counts` is where this watch is counted.
    template<class Source, class Answer>
    Collected collect_counted(Source& source, Watched part, counters::Watch* counts, bool reset,
                              Answer& answer) noexcept {
        Counting counting{counts, part.range.bytes(), reset};
        if (const kernel::Error error = backend_->look(part))
            return {part.range.start, error};
        const Collected done = ww::collect(source, part, reset, answer);
        // A child that was forked in the middle has its parent's memory to count in.
        if ((done.bytes != 0 || counting.is_timed()) && !in_child())
            note(counting, done);
        return done;
    }
    counters::Watch* counts_of(Range range) const noexcept {
        const std::optional<WatchTable::Found> found = watches_.look_up(range);
        return found ? found->counts : nullptr;
    }
    void count_many() noexcept {
        if (counters::Header* header = counters_.header())
            header->many.fetch_add(1, std::memory_order_relaxed);
    }

    std::uint64_t watch_count() const noexcept { return watches_.count(); }
    BackendKind backend_kind() const noexcept { return backend_kind_; }
    const Backend& backend() const noexcept { return *backend_; }

private:
    Tracker() noexcept = default;
    ~Tracker();
    kernel::Error open(BackendKind kind) noexcept;
    kernel::Result<Backend*> make_backend(BackendKind kind) noexcept;
    template<class Visit>
    kernel::Error for_each_part(Range range, Visit visit) const noexcept;
    kernel::Error check_whole(Range range) const noexcept;
    kernel::Error start(Watched watched, WatchOptions options) noexcept;
    void note(Counting& counting, const Collected& done) noexcept {
        counting.found(done.bytes);
        counters::Header* header = counters_.header();
        if (header == nullptr || !counting.is_timed())
            return;
        header->repairs.store(backend_->repairs(), std::memory_order_relaxed);
        header->reopened.store(backend_->reopened(), std::memory_order_relaxed);
    }

    Arena arena_;
    Counters counters_;
    WatchTable watches_{arena_, counters_};
    Claims claims_{arena_};
    Backend* backend_ = nullptr;
    BackendKind backend_kind_ = BackendKind::none;
    kernel::ForkGuard fork_guard_;
};

} // namespace ww
