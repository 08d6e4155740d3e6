// SPDX-License-Identifier: MIT
#pragma once

#include "kernel/mappings.h"
#include "kernel/process.h"

namespace ww::kernel {

// The mappings of this process.
class SelfMaps {
public:
    // Starts with the first mapping that ends behind `from`.
    explicit SelfMaps(std::uintptr_t from) noexcept
        : self_(Process::open(0)), maps_(*self_, from) {}

    const ProcessMapping* next() noexcept { return self_ ? maps_.next() : nullptr; }
    Error error() const noexcept { return self_ ? maps_.error() : self_.error(); }

private:
    Result<Process> self_;
    Mappings maps_;
};

} // namespace ww::kernel
