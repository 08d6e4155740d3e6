// SPDX-License-Identifier: MIT
// How much of each question is asked.
#pragma once

namespace bench {

enum class Scale {
    smoke, // seconds: does everything still run, and answer right?
    brief, // under a minute: enough for the ratio table
    full,  // the whole grid
};

// One value of the three.
template<class T>
T at(Scale scale, T smoke, T brief, T full) {
    return scale == Scale::smoke ? smoke : scale == Scale::brief ? brief : full;
}

} // namespace bench
