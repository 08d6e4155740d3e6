// SPDX-License-Identifier: MIT
#include "preload/convention.h"

namespace ww::wine {

// One SysV call fills the argument places of both conventions. Of the seven
// arguments SysV looks for the sixth (r9) and the seventh (first on the stack),
// and finds a count of 0: an invalid parameter. ms_abi looks for the fifth to
// the seventh behind 32 bytes of its own on the stack, where the 11th to 13th
// of SysV lie, and finds NULL pointers: an access violation. Its size is r9.
Convention detect_convention(void* nt_get_write_watch, NTSTATUS& answer) noexcept {
    using Word = ULONG_PTR;
    using BothConventions =
        NTSTATUS (*)(Word process, Word flags, Word base, Word size, Word addresses,
                     ULONG_PTR * count, ULONG * granularity, Word, Word, Word, Word ms_addresses,
                     Word ms_count, Word ms_granularity);
    ULONG_PTR no_entries = 0;
    ULONG granularity = 0;
    answer = reinterpret_cast<BothConventions>(nt_get_write_watch)(0, 0, 0, 0, 0, &no_entries,
                                                                   &granularity, 0, 0, 0, 0, 0, 0);
    if (answer == STATUS_ACCESS_VIOLATION)
        return Convention::ms_abi;
    return answer == STATUS_INVALID_PARAMETER ? Convention::sysv : Convention::unknown;
}

} // namespace ww::wine
