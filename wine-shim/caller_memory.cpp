// SPDX-License-Identifier: MIT
#include "caller_memory.h"

#include "page_range.h"

namespace ww::wine {

namespace {

// Stores a byte's own value. Where the exchange fails, another thread has just
// stored there: writable, too. An `or` with 0 would not do: compilers turn it
// into a load.
void touch(unsigned char* byte) noexcept {
    unsigned char value = __atomic_load_n(byte, __ATOMIC_RELAXED);
    __atomic_compare_exchange_n(byte, &value, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

} // namespace

void ensure_writable(void* memory, SIZE_T bytes) noexcept {
    if (bytes == 0)
        return;
    const auto first = reinterpret_cast<ULONG_PTR>(memory);
    const ULONG_PTR last = first + bytes - 1;
    touch(reinterpret_cast<unsigned char*>(first));
    if (first / kGranularity == last / kGranularity)
        return;
    const PageRange pages = PageRange::around(memory, bytes);
    for (SIZE_T i = 1; i < pages.page_count(); ++i)
        touch(reinterpret_cast<unsigned char*>(pages.start + i * kGranularity));
    // Not one byte beyond the array, but its last one even if it wraps.
    touch(reinterpret_cast<unsigned char*>(last));
}

} // namespace ww::wine
