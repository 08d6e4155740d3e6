// SPDX-License-Identifier: MIT
// Touching the caller's memory. A fault there unwinds straight to the Windows
// caller without running a destructor: hold nothing, have changed nothing.
#pragma once

#include "win32.h"

namespace ww::wine {

// Makes sure that every page of [memory, memory + bytes) can be written, by a
// write that changes nothing, as Windows probes result buffers. Faults where
// it cannot. Memory of 0 bytes is not touched.
void ensure_writable(void* memory, SIZE_T bytes) noexcept;

template<class T>
void ensure_writable(T* object) noexcept {
    ensure_writable(object, sizeof(T));
}

// Reads once: another thread may change it between our looks.
template<class T>
T read_once(const T* from) noexcept {
    return *static_cast<const volatile T*>(from);
}

} // namespace ww::wine
