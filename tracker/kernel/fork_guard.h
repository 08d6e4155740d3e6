// SPDX-License-Identifier: MIT
// Tells a forked child that it is one, also after a raw clone(2). A child
// inherits descriptors that act on its parent: protecting or unregistering
// through them would change the parent's memory.
#pragma once

#include "kernel/handles.h"

namespace ww::kernel {

class ForkGuard {
public:
    ForkGuard() noexcept = default;
    static Result<ForkGuard> create() noexcept;

    bool in_child() const noexcept {
        return *static_cast<const volatile unsigned char*>(page_.data()) == 0;
    }

private:
    explicit ForkGuard(Mapping page) noexcept : page_(std::move(page)) {}
    Mapping page_;
};

} // namespace ww::kernel
