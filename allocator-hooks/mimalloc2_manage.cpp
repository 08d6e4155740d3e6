// SPDX-License-Identifier: MIT
#include "mimalloc_manage.h"

#include <limits>

namespace ww::hooks {

// What is said to be committed is never purged by mimalloc 2.
bool manage(const Region& region, bool exclusive, Managed& managed) noexcept {
    return mi_manage_os_memory_ex(region.base(), region.bytes(), !managed.purges, false, true, -1,
                                  exclusive, &managed.id);
}

Limits limits() noexcept {
    constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
    return {kArenaBlockBytes, kAny, kAny};
}

} // namespace ww::hooks
