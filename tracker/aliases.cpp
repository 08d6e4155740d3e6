// SPDX-License-Identifier: MIT
#include "aliases.h"

#include <mutex>
#include <new>
#include <utility>

namespace ww {

using kernel::Error;
using kernel::MappedObject;
using kernel::Mapping;
using kernel::Result;
using Locked = std::lock_guard<kernel::ChangeLock>;

Result<Aliases*> Aliases::create(Tracker& tracker, std::size_t object_bytes) noexcept {
    Result<Mapping> memory = Mapping::create(sizeof(Aliases));
    if (!memory)
        return memory.error();
    Result<Stamps> stamps = Stamps::create(object_bytes / kernel::page_bytes());
    if (!stamps)
        return stamps.error();
    auto* made = new (memory->data()) Aliases{tracker, object_bytes, std::move(*stamps)};
    static_cast<void>(memory->release());
    return made;
}

void Aliases::destroy(Aliases* aliases) noexcept {
    // In a forked child nothing is watched, and locks may be held by nobody.
    if (!aliases->tracker_.in_child()) {
        for (const View* view = aliases->views_; view != nullptr; view = view->next)
            static_cast<void>(aliases->end_watch(view->range, Memory::stays));
    }
    aliases->~Aliases();
    static_cast<void>(Mapping::adopt(aliases, sizeof(Aliases)));
}

Error Aliases::add(Range range) noexcept {
    const Locked locked{lock_};
    const Result<MappedObject> shown = kernel::mapped_object(range);
    if (!shown)
        return shown.error();
    if (identity_ && !identity_->is_same(*shown))
        return Error::other_object;
    if (shown->offset > object_.end || range.bytes() > object_.end - shown->offset)
        return Error::out_of_range;
    View* view = make_view();
    if (view == nullptr)
        return Error::no_memory;
    if (const Error error = watch(range))
        return error;
    unused_ = view->next;
    *view = {range, range.start - static_cast<std::size_t>(shown->offset), views_};
    views_ = view;
    identity_ = *shown;
    return Error::none;
}

Error Aliases::watch(Range range) noexcept {
    const Tracker::WatchOptions options{
        .known_anonymous = false, .keep = false, .huge_pages = false};
    if (const Error error = tracker_.watch(range, options))
        return error;
    const Error error = tracker_.claim(range);
    if (error)
        static_cast<void>(tracker_.unwatch(range));
    return error;
}

Error Aliases::remove(Range range, Memory memory) noexcept {
    const Locked locked{lock_};
    View** place = &views_;
    while (*place != nullptr && (*place)->range != range)
        place = &(*place)->next;
    View* view = *place;
    if (view == nullptr)
        return Error::not_found;
    ++current_;
    // Whose watch has ended already has nothing to be taken.
    const Error error = take(*view, range);
    if (error && error != Error::not_found)
        return error;
    if (const Error failed = end_watch(range, memory))
        return failed;
    *place = view->next;
    view->next = std::exchange(unused_, view);
    return Error::none;
}

Error Aliases::end_watch(Range range, Memory memory) noexcept {
    const Error error =
        memory == Memory::goes ? tracker_.forget(range) : tracker_.unwatch(range);
    if (!error)
        tracker_.end_claim(range);
    return error;
}

Error Aliases::take(const View& view, Range part) noexcept {
    StampingAnswer stamping{stamps_, view.origin, current_};
    return tracker_.collect_claimed(part, stamping).error;
}

Result<std::uint64_t> Aliases::advance(Range offsets) noexcept {
    const Locked locked{lock_};
    ++current_;
    for (const View* view = views_; view != nullptr; view = view->next) {
        const Range part = view->showing(offsets);
        if (part.empty())
            continue;
        if (const Error error = take(*view, part))
            return error;
    }
    return current_;
}

Result<std::uint64_t> Aliases::advance_shown(Range range) noexcept {
    const std::optional<std::uintptr_t> origin = origin_of_view(range);
    if (!origin)
        return Error::not_found;
    return advance({range.start - *origin, range.end - *origin});
}

// Stays first among the unused until it is used.
Aliases::View* Aliases::make_view() noexcept {
    if (unused_ == nullptr) {
        if (void* memory = arena_.allocate(sizeof(View)))
            unused_ = new (memory) View;
    }
    return unused_;
}

std::optional<std::uintptr_t> Aliases::origin_of_view(Range range) const noexcept {
    const Locked locked{lock_};
    for (const View* view = views_; view != nullptr; view = view->next) {
        if (view->range.contains(range))
            return view->origin;
    }
    return std::nullopt;
}

} // namespace ww
