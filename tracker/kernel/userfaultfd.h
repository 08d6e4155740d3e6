// SPDX-License-Identifier: MIT
// userfaultfd in its asynchronous write-protection mode: the kernel itself
// resolves the faults, nobody reads the descriptor.
#pragma once

#include "kernel/handles.h"

namespace ww::kernel {

class Userfaultfd {
public:
    Userfaultfd() noexcept = default;
    // no_backend: the kernel has userfaultfd without the asynchronous mode.
    static Result<Userfaultfd> open() noexcept;

    // Lets pages of the range be write-protected; protects none. Repeating it
    // is harmless. Unmapped parts are passed over.
    Error register_range(Range range) const noexcept;

    // Lifts all protection in the range: 7 ms a populated GiB.
    Error unregister_range(Range range) const noexcept;

    // Write-protects registered pages; untouched ones too, which costs page
    // tables. Fails if a part is not registered, and may then have protected
    // what lies in front of it.
    Error protect(Range range) const noexcept;

private:
    explicit Userfaultfd(UniqueFd file) noexcept : file_(std::move(file)) {}
    UniqueFd file_;
};

} // namespace ww::kernel
