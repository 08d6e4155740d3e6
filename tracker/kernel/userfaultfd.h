// SPDX-License-Identifier: MIT
// userfaultfd in its asynchronous write-protection mode: the kernel itself
// resolves the faults, nobody reads the descriptor.
#pragma once

#include "kernel/own_descriptor.h"

namespace ww::kernel {

class Userfaultfd {
public:
    Userfaultfd() noexcept = default;
    // no_backend: the kernel has userfaultfd without the asynchronous mode.
    static Result<Userfaultfd> open() noexcept;

    // Lets pages of the range be write-protected; protects none. Repeating it
    // is harmless. Unmapped parts are passed over.
    Error register_range(Range range) noexcept;

    // Lifts all protection in the range: 7 ms a populated GiB.
    Error unregister_range(Range range) noexcept;

    // How often the host had closed it. Then nothing was registered any more
    // but what was since.
    std::uint64_t reopened() const noexcept { return file_.reopened(); }

    // Write-protects registered pages; untouched ones too, which costs page
    // tables. Fails if a part is not registered, and may then have protected
    // what lies in front of it.
    Error protect(Range range) noexcept;

private:
    explicit Userfaultfd(OwnDescriptor file) noexcept : file_(std::move(file)) {}
    Error call(unsigned long request, void* argument) noexcept;
    OwnDescriptor file_;
};

} // namespace ww::kernel
