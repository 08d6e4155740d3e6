// SPDX-License-Identifier: MIT
#include "claims.h"

#include <new>

namespace ww {

using kernel::Changing;
using kernel::Error;

Error Claims::add(Range range) noexcept {
    const Changing changing{lock_};
    if (find(range) != nullptr)
        return Error::busy;
    Claim* claim = unused();
    if (claim == nullptr)
        return Error::no_memory;
    count_.fetch_add(1, std::memory_order_relaxed);
    claim->begin(range);
    return Error::none;
}

void Claims::remove(Range range) noexcept {
    const Changing changing{lock_};
    if (Claim* claim = find(range)) {
        claim->end();
        count_.fetch_sub(1, std::memory_order_relaxed);
    }
}

Claim* Claims::find(Range range) const noexcept {
    Claim* claim = first_.load(std::memory_order_acquire);
    while (claim != nullptr && intersection(claim->look(), range).empty())
        claim = claim->next;
    return claim;
}

Claim* Claims::unused() noexcept {
    Claim* const first = first_.load(std::memory_order_relaxed);
    for (Claim* claim = first; claim != nullptr; claim = claim->next) {
        if (!claim->live())
            return claim;
    }
    void* memory = arena_.allocate(sizeof(Claim));
    if (memory == nullptr)
        return nullptr;
    Claim* claim = new (memory) Claim;
    claim->next = first;
    first_.store(claim, std::memory_order_release);
    return claim;
}

} // namespace ww
