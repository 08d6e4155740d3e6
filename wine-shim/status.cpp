// SPDX-License-Identifier: MIT
#include "status.h"

namespace ww::wine {

namespace {

struct Row {
    int error; // of Linux, by number: <cerrno> would bring the variable along
    NTSTATUS status;
};

// A range that is not ours any more is, to Windows, not write-watched memory.
constexpr Row kTable[] = {
    {1 /* EPERM */, STATUS_ACCESS_DENIED},
    {2 /* ENOENT */, STATUS_INVALID_PARAMETER},
    {12 /* ENOMEM */, STATUS_NO_MEMORY},
    {13 /* EACCES */, STATUS_ACCESS_DENIED},
    {14 /* EFAULT */, STATUS_ACCESS_VIOLATION},
    {17 /* EEXIST */, STATUS_CONFLICTING_ADDRESSES},
    {22 /* EINVAL */, STATUS_INVALID_PARAMETER},
    {23 /* ENFILE */, STATUS_TOO_MANY_OPENED_FILES},
    {24 /* EMFILE */, STATUS_TOO_MANY_OPENED_FILES},
    {38 /* ENOSYS */, STATUS_NOT_SUPPORTED},
    {95 /* EOPNOTSUPP */, STATUS_NOT_SUPPORTED},
};

} // namespace

NTSTATUS status_from_error(std::ptrdiff_t error) noexcept {
    for (const Row& row : kTable) {
        if (row.error == -error)
            return row.status;
    }
    return STATUS_INTERNAL_ERROR;
}

} // namespace ww::wine
