// SPDX-License-Identifier: MIT
// The C function of runs.h: checks of the arguments, and nothing else.
#include "writewatch/runs.h"

#include "api.h"
#include "page_state.h"
#include "run_answer.h"

using ww::PageState;
using ww::kernel::Error;
using ww::kernel::KeepErrno;

static_assert(static_cast<int>(PageState::written) == WW_WRITTEN);
static_assert(static_cast<int>(PageState::discarded) == WW_DISCARDED);
static_assert(static_cast<int>(PageState::unknown) == WW_UNKNOWN);

extern "C" std::ptrdiff_t ww_collect_runs(ww_tracker* tracker, const void* base, std::size_t bytes,
                                          unsigned flags, ww_run* runs, std::size_t run_capacity,
                                          void** resume) noexcept {
    const KeepErrno keep;
    ww::Tracker& asked = *ww::impl(tracker);
    if (const Error error = ww::check(asked, base, bytes, flags, WW_RESET))
        return -error.code();
    ww::RunAnswer answer{runs, run_capacity};
    ww::StateSource source{asked.backend(), answer};
    ww::StateRoom room{answer};
    const ww::Collected done =
        asked.collect_unclaimed(source, ww::range_of(base, bytes), (flags & WW_RESET) != 0, room);
    return ww::outcome(done, answer, resume);
}
