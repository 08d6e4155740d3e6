// SPDX-License-Identifier: MIT
#pragma once

#include "windows_api.h"

#include <cstdint>

class Stopwatch {
public:
    double nanoseconds() const {
        return static_cast<double>(now() - start_) * 1e9 / static_cast<double>(frequency());
    }
    double microseconds() const { return nanoseconds() / 1e3; }
    double seconds() const { return nanoseconds() / 1e9; }

private:
    static int64_t now() {
        LARGE_INTEGER ticks;
        QueryPerformanceCounter(&ticks);
        return ticks.QuadPart;
    }
    static int64_t frequency() {
        LARGE_INTEGER ticks_a_second;
        QueryPerformanceFrequency(&ticks_a_second);
        return ticks_a_second.QuadPart;
    }

    int64_t start_ = now();
};
