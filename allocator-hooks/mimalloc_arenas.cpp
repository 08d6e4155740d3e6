// SPDX-License-Identifier: MIT
#include "mimalloc_arenas.h"

#include <array>
#include <mutex>
#include <utility>

namespace ww::hooks {

namespace {

constexpr int kNoMemory = -12; // ENOMEM

// As many as mimalloc has places for. Heaps come and go seldom.
class Arenas {
public:
    Arena* find_unused(std::size_t bytes, bool purges) noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            Arena& arena = arenas_[i];
            if (!arena.used && arena.purges == purges && arena.region.bytes() >= bytes)
                return &arena;
        }
        return nullptr;
    }

    Arena* add(std::size_t bytes, bool purges, int& error) noexcept {
        error = kNoMemory;
        if (count_ == arenas_.size())
            return nullptr;
        Region region;
        if (region.reserve(bytes, kArenaBlockBytes) != 0)
            return nullptr;
        // What is said to be committed is never purged by mimalloc 2.
        mi_arena_id_t id;
        if (!mi_manage_os_memory_ex(region.base(), bytes, !purges, false, true, -1, true, &id))
            return nullptr;
        error = 0;
        arenas_[count_] = {std::move(region), id, purges, false};
        return &arenas_[count_++];
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
    static_cast<void>(discard(arena.region.base(), arena.region.bytes()));
    arena.used = false;
}

} // namespace ww::hooks
