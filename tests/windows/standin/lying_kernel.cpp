// SPDX-License-Identifier: MIT
// A kernel that loses a report when told to: of the pages that a scan found and
// protected again, the last ones are not in the answer. To be preloaded.
#include <cstdint>

#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" {

__attribute__((visibility("default"))) int kernel_lies = 0;

__attribute__((visibility("default"))) int ioctl(int file, unsigned long request, ...) noexcept {
    va_list arguments;
    va_start(arguments, request);
    auto* const words = va_arg(arguments, std::uint64_t*); // of struct pm_scan_arg
    va_end(arguments);
    const long answer = ::syscall(SYS_ioctl, file, request, words);
    constexpr unsigned long kPagemapScan = 0xc0606610;
    constexpr std::uint64_t kProtects = 1; // PM_SCAN_WP_MATCHING, in words[1]
    const bool lies = kernel_lies != 0 && request == kPagemapScan && (words[1] & kProtects) != 0;
    return static_cast<int>(lies && answer > 0 ? answer - 1 : answer);
}

} // extern "C"
