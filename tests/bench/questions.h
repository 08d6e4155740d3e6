// SPDX-License-Identifier: MIT
// What is asked; one file each.
#pragma once

#include "experiment.h"
#include "scale.h"

namespace bench {

Experiments collect_grid(Scale scale);
Experiments any_written(Scale scale);
Experiments half_touched(Scale scale);
Experiments first_touch(Scale scale);
Experiments sparse(Scale scale);
Experiments pauses(Scale scale);
Experiments small_watches(Scale scale);
Experiments hot_frames(Scale scale);
Experiments expansion(Scale scale);
Experiments lookups(Scale scale);

} // namespace bench
