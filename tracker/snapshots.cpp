// SPDX-License-Identifier: MIT
#include "snapshots.h"

#include "answer.h"
#include "kernel/clock.h"
#include "kernel/memory.h"
#include "populated.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Result;

namespace {

constexpr std::size_t kPartsAtMost = 65536;

// Pages whose contents were dropped belong to what changed, and so does what
// changed without a word.
class Everything {
public:
    explicit Everything(Backend& backend) noexcept : backend_(backend) {}
    Step collect(Watched rest, bool reset, StepLimits limits,
                 std::span<kernel::Region> scratch) noexcept {
        return backend_.collect_states(rest, reset, limits, scratch);
    }

private:
    Backend& backend_;
};

bool equal(std::uintptr_t page, const void* contents, std::size_t bytes) noexcept {
    return std::memcmp(reinterpret_cast<const void*>(page), contents, bytes) == 0;
}

} // namespace

Result<Snapshots*> Snapshots::create(Tracker& tracker, std::size_t checkpoint_limit,
                                     std::size_t bytes_limit) noexcept {
    Result<Mapping> memory = Mapping::create(sizeof(Snapshots));
    if (!memory)
        return memory.error();
    Result<Mapping> parts = Mapping::create(kPartsAtMost * sizeof(Part));
    if (!parts)
        return parts.error();
    auto* snapshots = new (memory->data()) Snapshots{tracker};
    snapshots->parts_ = std::move(*parts);
    const Error error =
        snapshots->history_.open(checkpoint_limit, bytes_limit, kernel::page_bytes());
    if (error) {
        snapshots->~Snapshots();
        return error;
    }
    static_cast<void>(memory->release());
    return snapshots;
}

void Snapshots::destroy(Snapshots* snapshots) noexcept {
    for (const Part& part : snapshots->parts()) {
        if (part.hot != nullptr)
            HotPages::destroy(part.hot);
    }
    snapshots->~Snapshots();
    static_cast<void>(Mapping::adopt(snapshots, sizeof(Snapshots)));
}

// Parts are sorted by their first page.
std::uintptr_t Snapshots::address_of(std::uint32_t page) const noexcept {
    const auto behind = std::ranges::upper_bound(parts(), page, {}, &Part::first_page);
    const Part& part = *(behind - 1);
    return part.range.start + (page - part.first_page) * kernel::page_bytes();
}

// ---- Adding ----

bool Snapshots::has(Range range) const noexcept {
    return std::ranges::any_of(
        parts(), [&](const Part& part) { return !intersection(part.range, range).empty(); });
}

Error Snapshots::add(Range range) noexcept {
    const std::scoped_lock lock{mutex_};
    if (has(range))
        return Error::exists;
    const Result<HotPages*> hot = HotPages::create(tracker_, range, HotPages::Asks::states);
    if (!hot)
        return hot.error();
    const Error error = begin({.range = range, .first_page = next_page(), .hot = *hot});
    if (error)
        HotPages::destroy(*hot);
    return error;
}

Error Snapshots::add(Range range, Aliases& aliases) noexcept {
    const std::scoped_lock lock{mutex_};
    if (&aliases.tracker() != &tracker_)
        return Error::invalid;
    if (has(range))
        return Error::exists;
    return begin({.range = range, .first_page = next_page(), .aliases = &aliases});
}

Error Snapshots::clean(Part& part) noexcept {
    if (part.aliases != nullptr) {
        const Result<std::uint64_t> now = part.aliases->advance_shown(part.range);
        part.mark = now ? *now : part.mark;
        return now ? Error::none : now.error();
    }
    NoAnswer nobody;
    return part.hot->collect(part.range, nobody).error;
}

Error Snapshots::begin(Part part) noexcept {
    if (part_count_ == kPartsAtMost)
        return Error::no_memory;
    // Clean first: what is written from here on is a change.
    if (const Error error = clean(part))
        return error;
    if (const Error error = history_.add_pages(part.range.bytes() / kernel::page_bytes()))
        return error;
    if (const Error error = copy_first_contents(part)) {
        history_.remove_pages(part.first_page);
        return error;
    }
    static_cast<Part*>(parts_.data())[part_count_++] = part;
    return Error::none;
}

Error Snapshots::copy_first_contents(const Part& part) noexcept {
    const std::size_t page_bytes = kernel::page_bytes();
    Error error;
    const auto copy = [&](Range populated) noexcept {
        for (std::uintptr_t at = populated.start; at < populated.end; at += page_bytes) {
            if (equal(at, history_.pool().at(PagePool::kZeros), page_bytes))
                continue;
            void* contents = history_.first_contents(
                part.first_page + static_cast<std::uint32_t>((at - part.range.start) / page_bytes));
            if (contents == nullptr) {
                error = Error::no_memory;
                return false;
            }
            std::memcpy(contents, reinterpret_cast<const void*>(at), page_bytes);
        }
        return true;
    };
    const std::optional<Watched> watched = tracker_.find(part.range);
    if (!watched)
        return Error::not_found;
    for_each_populated({part.range, watched->kind}, copy);
    return error;
}

// ---- Taking ----

// An answer that copies what it is given. Between two scans is the time for it:
// a store that comes later is found by the next.
class Snapshots::Changes : public AnyPlace {
public:
    Changes(PageHistory& history, const Part& part) noexcept : history_(history), part_(part) {}

    static std::size_t region_room() noexcept { return kNoLimit; }
    std::size_t page_room() const noexcept { return history_.room(); }
    std::size_t count() const noexcept { return count_; }
    std::size_t compared() const noexcept { return compared_; }
    std::size_t surely_written() const noexcept { return surely_written_; }

    void take(Range written) noexcept {
        const std::size_t page_bytes = history_.pool().page_bytes();
        compared_ += written.bytes() / page_bytes;
        auto page = part_.first_page +
                    static_cast<std::uint32_t>((written.start - part_.range.start) / page_bytes);
        for (std::uintptr_t at = written.start; at < written.end; at += page_bytes, ++page) {
            if (!history_.change(page, reinterpret_cast<const void*>(at)))
                continue; // hot, mostly, and not written this time
            ++count_;
            surely_written_ += part_.hot == nullptr || part_.hot->certain(at) ? 0 : 1;
        }
    }

private:
    PageHistory& history_;
    const Part& part_;
    std::size_t count_ = 0;
    std::size_t compared_ = 0;
    std::size_t surely_written_ = 0; // though they were not armed
};

bool Snapshots::make_room() noexcept {
    if (!history_.drop_oldest())
        return false;
    ++dropped_for_room_;
    return true;
}

Error Snapshots::take_changes(Part& part) noexcept {
    const std::uint64_t known = part.mark;
    if (part.aliases != nullptr) {
        if (const Error error = clean(part))
            return error;
    }
    for (Range rest = part.range; !rest.empty();) {
        Error error = history_.room() == 0 && !make_room() ? Error{Error::no_memory} : Error{};
        if (!error) {
            Changes changes{history_, part};
            const Collected done = part.aliases != nullptr
                                       ? part.aliases->collect_view_since(rest, known, changes)
                                       : part.hot->collect(rest, changes);
            count(changes);
            error = done.error;
            rest.start = done.resume;
        }
        if (error) {
            part.mark = known; // all of it once more
            return error;
        }
    }
    return Error::none;
}

void Snapshots::count(const Changes& changes) noexcept {
    last_pages_ += changes.count();
    takes_.compared += changes.compared();
    takes_.copied += changes.count();
    takes_.faults_avoided += changes.surely_written();
}

Result<std::uint64_t> Snapshots::take() noexcept {
    const std::scoped_lock lock{mutex_};
    const std::uint64_t began = kernel::now_ns();
    last_pages_ = 0;
    if (history_.checkpoint_count() > 0)
        history_.drop_behind_cursor();
    for (Part& part : parts()) {
        if (const Error error = take_changes(part))
            return error;
    }
    const std::uint64_t checkpoint = history_.close();
    last_ns_ = kernel::now_ns() - began;
    ++takes_.count;
    takes_.ns += last_ns_;
    return checkpoint;
}

// ---- Restoring ----

bool Snapshots::write_back(std::uintptr_t page, const void* contents) noexcept {
    const std::size_t page_bytes = kernel::page_bytes();
    if (equal(page, contents, page_bytes))
        return false;
    std::memcpy(reinterpret_cast<void*>(page), contents, page_bytes);
    return true;
}

// Pages that were written since the last take, and whose contents are not known.
class Snapshots::Differences : public AnyPlace {
public:
    Differences(Snapshots& snapshots, const Part& part) noexcept
        : snapshots_(snapshots), part_(part) {}

    static std::size_t region_room() noexcept { return kNoLimit; }
    static std::size_t page_room() noexcept { return kNoLimit; }
    std::size_t count() const noexcept { return count_; }

    void take(Range written) noexcept {
        const std::size_t page_bytes = kernel::page_bytes();
        auto page = part_.first_page +
                    static_cast<std::uint32_t>((written.start - part_.range.start) / page_bytes);
        for (std::uintptr_t at = written.start; at < written.end; at += page_bytes, ++page)
            count_ += snapshots_.write_back(at, snapshots_.history_.contents(page));
    }

private:
    Snapshots& snapshots_;
    const Part& part_;
    std::size_t count_ = 0;
};

Error Snapshots::undo_changes(const Part& part, std::size_t& written) noexcept {
    Differences differences{*this, part};
    Collected done{};
    if (part.aliases != nullptr) {
        const Result<std::uint64_t> now = part.aliases->advance_shown(part.range);
        if (!now)
            return now.error();
        done = part.aliases->collect_view_since(part.range, part.mark, differences);
    } else {
        // Without reset: these pages are about to be written, and need no fault
        // for it.
        Everything everything{tracker_.backend()};
        done = tracker_.collect_from(everything, part.range, false, differences);
    }
    written += differences.count();
    return done.error;
}

Error Snapshots::restore(std::uint64_t checkpoint) noexcept {
    const std::scoped_lock lock{mutex_};
    const std::uint64_t began = kernel::now_ns();
    const std::optional<std::size_t> place = history_.find(checkpoint);
    if (!place)
        return Error::not_found;
    std::size_t written = 0;
    history_.move_cursor(*place, [&](std::uint32_t page) noexcept {
        written += write_back(address_of(page), history_.contents(page));
    });
    for (const Part& part : parts()) {
        if (const Error error = undo_changes(part, written))
            return error;
    }
    // What is there now is the checkpoint; a drop of it is a change again.
    for (Part& part : parts()) {
        if (const Error error = clean(part))
            return error;
    }
    last_pages_ = written;
    last_ns_ = kernel::now_ns() - began;
    return Error::none;
}

// ---- The rest ----

Error Snapshots::drop(std::uint64_t checkpoint) noexcept {
    const std::scoped_lock lock{mutex_};
    const std::optional<std::size_t> place = history_.find(checkpoint);
    return place ? history_.drop(*place) : Error::not_found;
}

Snapshots::Stats Snapshots::stats() noexcept {
    const std::scoped_lock lock{mutex_};
    const auto bytes_kept = history_.pool().slots_used() * history_.pool().page_bytes();
    return {history_.checkpoint_count(),
            history_.oldest(),
            history_.newest(),
            bytes_kept,
            last_pages_,
            last_ns_,
            dropped_for_room_,
            takes_};
}

} // namespace ww
