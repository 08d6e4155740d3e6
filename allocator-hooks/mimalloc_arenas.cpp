// SPDX-License-Identifier: MIT
#include "mimalloc_arenas.h"

#include <array>
#include <mutex>

namespace ww::hooks {

namespace {

constexpr int kNoMemory = -12; // ENOMEM

// As many as mimalloc has places for. Heaps come and go seldom.
class Arenas {
public:
    Arena* find_unused(std::size_t bytes, bool purges) noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            Arena& arena = arenas_[i];
            if (!arena.used && arena.managed.purges == purges && arena.region.bytes() >= bytes)
                return &arena;
        }
        return nullptr;
    }

    Arena* add(std::size_t bytes, bool purges, int& error) noexcept {
        error = kNoMemory;
        if (count_ == arenas_.size())
            return nullptr;
        Arena& arena = arenas_[count_];
        arena = {Region{}, Managed{purges}, false};
        if (arena.region.reserve(bytes, limits().alignment) != 0 ||
            !manage(arena.region, true, arena.managed))
            return nullptr;
        error = 0;
        ++count_;
        return &arena;
    }

    std::mutex mutex;

private:
    std::array<Arena, 64> arenas_{};
    std::size_t count_ = 0;
};

// Never destroyed: mimalloc uses the memory until the very end.
Arenas& arenas() noexcept {
    alignas(Arenas) static std::byte memory[sizeof(Arenas)];
    static Arenas* const only = new (memory) Arenas;
    return *only;
}

} // namespace

Arena* acquire_arena(ww_tracker* tracker, std::size_t bytes, bool purges, int& error) noexcept {
    Arenas& all = arenas();
    const std::scoped_lock lock{all.mutex};
    Arena* arena = all.find_unused(bytes, purges);
    if (arena == nullptr)
        arena = all.add(bytes, purges, error);
    if (arena == nullptr)
        return nullptr;
    error = arena->region.watch(tracker);
    if (error != 0)
        return nullptr;
    arena->used = true;
    return arena;
}

void release_arena(Arena& arena) noexcept {
    const std::scoped_lock lock{arenas().mutex};
    arena.region.unwatch();
    const std::size_t kept = arena.managed.own_bytes;
    static_cast<void>(discard(arena.region.base() + kept, arena.region.bytes() - kept));
    arena.used = false;
}

} // namespace ww::hooks
