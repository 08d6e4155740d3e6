// SPDX-License-Identifier: MIT
// userfaultfd in its asynchronous write-protection mode: the kernel itself
// resolves the faults, nobody reads the descriptor.
#pragma once

#include "kernel/own_descriptor.h"
#include "range.h"

#include <cstdint>

namespace ww::kernel {

class Userfaultfd {
public:
    Userfaultfd() noexcept = default;
    // no_backend: the kernel has userfaultfd without the asynchronous mode.
    static Result<Userfaultfd> open() noexcept;

    // Lets pages of the range be write-protected; protects none. Repeating it
    // is harmless. Unmapped parts are passed over. Gives whether hugetlb memory
    // is in the range.
    Result<bool> register_range(Range range) noexcept;

    // Write-protects registered pages, or lifts that; untouched ones too, which
    // costs page tables. not_found if a part is not registered: what lies in
    // front of it may have changed then.
    Error protect(Range range) noexcept;
    Error release(Range range) noexcept;

    // Lifts all protection in the range: 7 ms a populated GiB.
    Error unregister_range(Range range) noexcept;

    // How often the host had closed it. Then nothing was registered any more
    // but what was since.
    std::uint64_t reopened() const noexcept { return file_.reopened(); }

private:
    explicit Userfaultfd(OwnDescriptor file) noexcept : file_(std::move(file)) {}
    Error set_protection(Range range, std::uint64_t mode) noexcept;
    Error call(unsigned long request, void* argument) noexcept;
    OwnDescriptor file_;
};

} // namespace ww::kernel
