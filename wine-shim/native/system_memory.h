// SPDX-License-Identifier: MIT
// What Windows' calls need of Linux, in their words.
#pragma once

#include "page_range.h"
#include "win32.h"

namespace ww::wine {

// Reserved address space, all of it without access. With a base of 0 anywhere
// on Windows' boundary, otherwise there or not at all.
NTSTATUS map_reserved(PageRange& range) noexcept;

// Fresh memory, without access, over a part of a reservation.
NTSTATUS map_reserved_again(PageRange range) noexcept;

NTSTATUS unmap(PageRange range) noexcept;

// Windows' protection, one of those that private memory can have.
NTSTATUS set_protection(PageRange range, ULONG protect) noexcept;

// The functions here change errno, which Windows' calls have nothing to do with.
class KeepErrno {
public:
    KeepErrno() noexcept;
    KeepErrno(const KeepErrno&) = delete;
    ~KeepErrno();

private:
    const int errno_;
};

} // namespace ww::wine
