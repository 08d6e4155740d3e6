// SPDX-License-Identifier: MIT
#include "page_history.h"

#include <algorithm>
#include <new>

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Result;

Error PageHistory::open(std::size_t checkpoint_limit, std::size_t bytes_limit,
                        std::size_t page_bytes) noexcept {
    constexpr std::size_t kCheckpointsAtMost = 1U << 20;
    if (checkpoint_limit == 0 || checkpoint_limit > kCheckpointsAtMost)
        return Error::invalid;
    Result<Mapping> checkpoints = Mapping::create((checkpoint_limit + 1) * sizeof(Checkpoint));
    if (!checkpoints)
        return checkpoints.error();
    checkpoints_ = std::move(*checkpoints);
    checkpoint_limit_ = checkpoint_limit;
    return pool_.open(bytes_limit, page_bytes);
}

void* PageHistory::first_contents(std::uint32_t page) noexcept {
    const Slot slot = pool_.allocate();
    if (slot == PagePool::kZeros)
        return nullptr;
    set_version(page, slot);
    return pool_.at(slot);
}

void PageHistory::remove_pages(std::uint32_t first) noexcept {
    for (std::size_t page = first; page < page_count(); ++page) {
        pool_.free(versions_[static_cast<std::uint32_t>(page)].slot);
        versions_[static_cast<std::uint32_t>(page)] = {};
    }
    versions_.shrink(first);
}

// Every page costs a slot, every block of changes one more, and one may be
// begun only now.
std::size_t PageHistory::room() const noexcept {
    const std::size_t free = pool_.slots_free();
    const std::size_t per_block = ChangeList::per_block(pool_.page_bytes());
    const std::size_t blocks = free / (per_block + 1) + 1;
    return free > blocks ? free - blocks : 0;
}

void PageHistory::note_change(std::uint32_t page) noexcept {
    PageVersions::Version& version = versions_[page];
    if (version.changed)
        return;
    static_cast<void>(since_cursor_.append(pool_, {page, version.slot, PagePool::kZeros}));
    version = {.slot = PagePool::kZeros, .changed = true};
}

void* PageHistory::change(std::uint32_t page) noexcept {
    note_change(page);
    PageVersions::Version& version = versions_[page];
    if (version.slot == PagePool::kZeros)
        set_version(page, pool_.allocate());
    return pool_.at(version.slot);
}

void PageHistory::change_to_zeros(std::uint32_t page) noexcept {
    note_change(page);
    PageVersions::Version& version = versions_[page];
    pool_.free(version.slot);
    version.slot = PagePool::kZeros;
}

std::optional<std::size_t> PageHistory::find(std::uint64_t id) const noexcept {
    // Ids ascend with the places.
    std::size_t first = 0;
    for (std::size_t count = count_; count > 0;) {
        const std::size_t half = count / 2;
        if (at(first + half).id < id) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return first < count_ && at(first).id == id ? std::optional{first} : std::nullopt;
}

std::uint64_t PageHistory::close() noexcept {
    drop_behind_cursor();
    since_cursor_.for_each(pool_, [this](Change& change) {
        PageVersions::Version& version = versions_[change.page];
        change.after = version.slot;
        version.changed = false;
    });
    if (count_ == 0)
        free_before(since_cursor_); // nobody remembers what was before
    new (&at(count_)) Checkpoint{++last_id_, since_cursor_};
    since_cursor_ = {};
    cursor_ = count_++;
    if (count_ > checkpoint_limit_)
        drop_oldest();
    return last_id_;
}

void PageHistory::drop_behind_cursor() noexcept {
    while (count_ > cursor_ + 1)
        drop_newest();
}

void PageHistory::drop_newest() noexcept {
    at(count_ - 1).from_before.consume(pool_, [this](const Change& change) {
        pool_.free(change.after);
    });
    --count_;
}

// What the second needs to become the first.
void PageHistory::free_before(ChangeList& list) noexcept {
    list.consume(pool_, [this](const Change& change) { pool_.free(change.before); });
}

bool PageHistory::drop_oldest() noexcept {
    if (count_ < 2 || cursor_ == 0)
        return false;
    free_before(at(1).from_before);
    erase(0);
    return true;
}

Error PageHistory::drop(std::size_t place) noexcept {
    const bool newest = place == count_ - 1;
    if (place == cursor_ && !newest)
        return Error::busy;
    if (newest && place != cursor_)
        drop_newest();
    else if (place == 0)
        count_ == 1 ? erase(0) : static_cast<void>(drop_oldest());
    else if (pool_.slots_free() == 0)
        return Error::no_memory; // two lists become one: see consume()
    else if (newest)
        unclose();
    else
        merge_into_next(place);
    return Error::none;
}

// What the newest checkpoint had changed counts as changed since the one before.
void PageHistory::unclose() noexcept {
    ChangeList both = at(cursor_).from_before;
    since_cursor_.for_each(
        pool_, [this](const Change& change) { versions_[change.page].changed = false; });
    both.for_each(pool_, [this](const Change& change) { versions_[change.page].changed = true; });
    since_cursor_.consume(pool_, [&](const Change& change) {
        PageVersions::Version& version = versions_[change.page];
        if (version.changed)
            pool_.free(change.before); // the version of the checkpoint that ends
        else
            static_cast<void>(both.append(pool_, change));
        version.changed = true;
    });
    since_cursor_ = both;
    erase(cursor_);
}

// Pages that changed twice changed once now, from the first version to the last.
// To find them the latest version changes places with the first list's `before`,
// and the flag says that it has.
void PageHistory::merge_into_next(std::size_t place) noexcept {
    ChangeList& first = at(place).from_before;
    ChangeList& both = at(place + 1).from_before;
    const auto exchange = [this](Change& change) {
        PageVersions::Version& version = versions_[change.page];
        const Slot latest = version.slot;
        set_version(change.page, change.before);
        change.before = latest;
    };
    since_cursor_.for_each(
        pool_, [this](const Change& change) { versions_[change.page].changed = false; });
    first.for_each(pool_, [&](Change& change) {
        exchange(change);
        versions_[change.page].changed = true;
    });
    both.for_each(pool_, [this](Change& change) {
        PageVersions::Version& version = versions_[change.page];
        if (!version.changed)
            return;
        pool_.free(change.before);
        change.before = version.slot;
        version.changed = false;
    });
    first.consume(pool_, [&](Change& change) {
        exchange(change);
        PageVersions::Version& version = versions_[change.page];
        if (version.changed)
            static_cast<void>(both.append(pool_, change));
        version.changed = false;
    });
    since_cursor_.for_each(pool_,
                           [this](const Change& change) { versions_[change.page].changed = true; });
    erase(place);
}

void PageHistory::erase(std::size_t place) noexcept {
    if (place == 0) {
        oldest_ = (oldest_ + 1) % (checkpoint_limit_ + 1);
    } else {
        for (std::size_t i = place; i + 1 < count_; ++i)
            at(i) = at(i + 1);
    }
    --count_;
    if (cursor_ >= place && cursor_ > 0)
        --cursor_;
}

void PageHistory::undo_changes() noexcept {
    since_cursor_.for_each(pool_, [this](const Change& change) {
        PageVersions::Version& version = versions_[change.page];
        pool_.free(version.slot);
        version.changed = false;
        set_version(change.page, change.before);
    });
}

} // namespace ww
