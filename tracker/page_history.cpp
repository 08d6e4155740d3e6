// SPDX-License-Identifier: MIT
#include "page_history.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Result;

namespace {

// No system has pages above 64 KiB.
constexpr std::size_t kSpansAtMost = 16;

// Where more lines of a page differ its old version is kept whole: that takes no
// longer, and hardly more memory.
constexpr std::size_t kLinesAtMost = kLinesPerSpan * 5 / 8;

} // namespace

Error PageHistory::open(std::size_t checkpoint_limit, std::size_t bytes_limit,
                        std::size_t page_bytes) noexcept {
    constexpr std::size_t kCheckpointsAtMost = 1U << 20;
    if (checkpoint_limit == 0 || checkpoint_limit > kCheckpointsAtMost ||
        page_bytes > kSpansAtMost * kSpanBytes)
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
    versions_[page] = slot;
    return pool_.at(slot);
}

void PageHistory::remove_pages(std::uint32_t first) noexcept {
    for (std::size_t page = first; page < page_count(); ++page)
        pool_.free(std::exchange(versions_[static_cast<std::uint32_t>(page)], PagePool::kZeros));
    versions_.shrink(first);
}

// A page costs a slot and its place in a list, or less; the block for that may be
// begun only now.
std::size_t PageHistory::room() const noexcept {
    const std::size_t free = pool_.slots_free();
    const std::size_t per_block = ChangeList::per_block(pool_.page_bytes());
    const std::size_t blocks = free / (per_block + 1) + 1;
    return free > blocks ? free - blocks : 0;
}

void PageHistory::exchange(std::uint32_t page, Slot slot) noexcept {
    since_cursor_.append(pool_, page, std::exchange(versions_[page], slot));
}

bool PageHistory::change(std::uint32_t page, const void* contents) noexcept {
    const auto* now = static_cast<const Line*>(contents);
    auto* kept = static_cast<Line*>(pool_.at(versions_[page]));
    std::array<LineSet, kSpansAtMost> lines;
    std::size_t count = 0;
    for (std::size_t span = 0; span < spans_per_page(); ++span) {
        lines[span] = differing(now + span * kLinesPerSpan, kept + span * kLinesPerSpan);
        count += line_count(lines[span]);
    }
    if (count == 0)
        return false;
    if (std::memcmp(contents, pool_.at(PagePool::kZeros), pool_.page_bytes()) == 0) {
        exchange(page, PagePool::kZeros); // dropped, mostly
    } else if (versions_[page] == PagePool::kZeros || count > kLinesAtMost * spans_per_page()) {
        exchange(page, pool_.allocate());
        std::memcpy(pool_.at(versions_[page]), contents, pool_.page_bytes());
    } else {
        for (std::uint32_t span = 0; span < spans_per_page(); ++span)
            since_cursor_.append(pool_, page, span, lines[span], now + span * kLinesPerSpan,
                                 kept + span * kLinesPerSpan);
    }
    return true;
}

void PageHistory::apply(Change& change, const Line* lines) noexcept {
    if (change.lines == 0) {
        std::swap(versions_[change.page], change.slot);
        return;
    }
    auto* kept = static_cast<Line*>(pool_.at(versions_[change.page])) +
                 change.span * kLinesPerSpan;
    for_each_line(change.lines, [&](unsigned line) {
        kept[line].set_difference(kept[line], *lines);
        --lines;
    });
}

void PageHistory::undo(const ChangeList& list) noexcept {
    list.for_each_backwards(
        pool_, [this](Change& change, const Line* lines) { apply(change, lines); });
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
    if (count_ == 0)
        since_cursor_.release(pool_); // nobody remembers what was before
    new (&at(count_)) Checkpoint{++last_id_, std::exchange(since_cursor_, {})};
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
    at(count_ - 1).from_before.release(pool_);
    --count_;
}

bool PageHistory::drop_oldest() noexcept {
    if (count_ < 2 || cursor_ == 0)
        return false;
    at(1).from_before.release(pool_);
    erase(0);
    return true;
}

Error PageHistory::drop(std::size_t place) noexcept {
    const bool newest = place == count_ - 1;
    if (place == cursor_ && !newest)
        return Error::busy;
    if (newest && place != cursor_) {
        drop_newest();
    } else if (place == 0) {
        count_ == 1 ? erase(0) : static_cast<void>(drop_oldest());
    } else {
        // From before it to what comes behind it.
        ChangeList& next = newest ? since_cursor_ : at(place + 1).from_before;
        at(place).from_before.join(pool_, next);
        next = at(place).from_before;
        erase(place);
    }
    return Error::none;
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

} // namespace ww
