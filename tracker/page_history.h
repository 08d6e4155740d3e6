// SPDX-License-Identifier: MIT
// The contents of numbered pages at each of some checkpoints: the latest version
// of each page whole, and between two neighbouring checkpoints the list of what
// changed. One cursor stands at the checkpoint that the latest versions belong
// to, apart from what changed since then. Pure bookkeeping: it does not know
// where the pages lie.
#pragma once

#include "change_list.h"
#include "kernel/handles.h"
#include "page_pool.h"
#include "page_versions.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace ww {

class PageHistory {
public:
    using Slot = PagePool::Slot;

    kernel::Error open(std::size_t checkpoint_limit, std::size_t bytes_limit,
                       std::size_t page_bytes) noexcept;

    // ---- Pages ----

    std::size_t page_count() const noexcept { return versions_.page_count(); }
    kernel::Error add_pages(std::size_t page_count) noexcept { return versions_.grow(page_count); }
    // From this one on, none of which ever changed.
    void remove_pages(std::uint32_t first) noexcept;

    // Where the contents of a page that is new here go, as all checkpoints
    // shall know it; nullptr: no room. Without it a page is known as zeros.
    void* first_contents(std::uint32_t page) noexcept;

    // Of the latest version.
    const void* contents(std::uint32_t page) const noexcept {
        return pool_.at(versions_[page]);
    }

    // So many pages can change before room has to be made.
    std::size_t room() const noexcept;

    // These are its contents now; whether that is a change since the cursor's
    // checkpoint, or since it was told last. Others may store in them
    // meanwhile: what comes too late is not in the version. Needs room().
    bool change(std::uint32_t page, const void* contents) noexcept;

    // ---- Checkpoints, oldest first ----

    std::size_t checkpoint_count() const noexcept { return count_; }
    // Ids; 0 if there are none.
    std::uint64_t oldest() const noexcept { return count_ == 0 ? 0 : at(0).id; }
    std::uint64_t newest() const noexcept { return count_ == 0 ? 0 : at(count_ - 1).id; }
    std::optional<std::size_t> find(std::uint64_t id) const noexcept;

    // What changed becomes a new checkpoint behind the cursor, which moves
    // there. Those that were behind it are dropped, the oldest too if there
    // would be too many. Gives its id; ids ascend and are never used again.
    std::uint64_t close() noexcept;

    // The checkpoints behind the cursor end: history goes on from there.
    void drop_behind_cursor() noexcept;
    // False if nothing can be dropped so.
    bool drop_oldest() noexcept;
    // The checkpoint ends, its neighbours stay as they are. busy: it is the
    // cursor's and others are behind it.
    kernel::Error drop(std::size_t place) noexcept;

    // Moves the cursor, and the latest versions with it; what changed since is
    // undone. Visits the pages whose versions may differ, perhaps repeatedly,
    // when all versions are those of the checkpoint.
    template<class Visit>
    void move_cursor(std::size_t place, Visit visit) noexcept;

    const PagePool& pool() const noexcept { return pool_; }

private:
    struct Checkpoint {
        std::uint64_t id;
        ChangeList from_before; // empty at the oldest
    };

    Checkpoint& at(std::size_t place) const noexcept {
        return static_cast<Checkpoint*>(
            checkpoints_.data())[(oldest_ + place) % (checkpoint_limit_ + 1)];
    }
    std::size_t spans_per_page() const noexcept { return pool_.page_bytes() / kSpanBytes; }
    void exchange(std::uint32_t page, Slot slot) noexcept;
    void apply(Change& change, const Line* lines) noexcept;
    void undo(const ChangeList& list) noexcept;
    void drop_newest() noexcept;
    void erase(std::size_t place) noexcept;

    PagePool pool_;
    PageVersions versions_;
    ChangeList since_cursor_;
    kernel::Mapping checkpoints_;
    std::size_t checkpoint_limit_ = 0;
    std::size_t oldest_ = 0;
    std::size_t count_ = 0;
    std::size_t cursor_ = 0;
    std::uint64_t last_id_ = 0;
};

template<class Visit>
void PageHistory::move_cursor(std::size_t place, Visit visit) noexcept {
    const std::size_t from = cursor_;
    undo(since_cursor_);
    for (; cursor_ > place; --cursor_)
        undo(at(cursor_).from_before);
    for (; cursor_ < place; ++cursor_)
        at(cursor_ + 1).from_before.for_each(
            pool_, [this](Change& change, const Line* lines) { apply(change, lines); });

    const auto visit_page = [&](const Change& change, const Line*) { visit(change.page); };
    since_cursor_.for_each(pool_, visit_page);
    for (std::size_t i = std::min(from, place) + 1; i <= std::max(from, place); ++i)
        at(i).from_before.for_each(pool_, visit_page);
    since_cursor_.release(pool_);
}

} // namespace ww
