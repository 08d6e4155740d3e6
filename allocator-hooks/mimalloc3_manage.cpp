// SPDX-License-Identifier: MIT
// mimalloc 3 asks before it uses memory and says what it no longer uses, purged
// or decommitted.
#include "mimalloc_manage.h"

namespace ww::hooks {

namespace {

// Memory comes as it is touched. The first that mimalloc asks for is its own.
bool commit(Managed& managed, std::size_t bytes, bool* is_zero) noexcept {
    if (managed.own_bytes == 0)
        managed.own_bytes = bytes;
    if (is_zero != nullptr)
        *is_zero = false; // part of it may be in use
    return true;
}

// Without a word to the tracker, which then finds the pages discarded: those who
// collect are not those who dropped them. False: it stays committed.
bool decommit(const Managed& managed, void* base, std::size_t bytes) noexcept {
    return managed.purges && discard(base, bytes) == 0;
}

bool commit_or_decommit(bool commits, void* base, std::size_t bytes, bool* is_zero,
                        void* argument) noexcept {
    auto& managed = *static_cast<Managed*>(argument);
    return commits ? commit(managed, bytes, is_zero) : decommit(managed, base, bytes);
}

} // namespace

Limits limits() noexcept {
    // It makes several arenas of more than 16 GiB, with bookkeeping in each.
    // The largest block that it names does not fit beside its own bookkeeping.
    return {mi_arena_min_alignment(), std::size_t{16} << 30, mi_arena_max_object_size() / 8 * 7};
}

bool manage(const Region& region, bool exclusive, Managed& managed) noexcept {
    if (exclusive && region.bytes() > limits().region_bytes)
        return false;
    return mi_manage_memory(region.base(), region.bytes(), false, false, true, -1, exclusive,
                            commit_or_decommit, &managed, &managed.id);
}

} // namespace ww::hooks
