// SPDX-License-Identifier: MIT
#include "kernel/fork_guard.h"

#include <sys/mman.h>

namespace ww::kernel {

Result<ForkGuard> ForkGuard::create() noexcept {
    Result<Mapping> page = Mapping::create(1);
    if (!page)
        return page.error();
    if (::madvise(page->data(), page->range().bytes(), MADV_WIPEONFORK) != 0)
        return Error::last();
    *static_cast<volatile unsigned char*>(page->data()) = 1;
    return ForkGuard{std::move(*page)};
}

} // namespace ww::kernel
